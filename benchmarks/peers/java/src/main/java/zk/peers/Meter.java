package zk.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** From the first handler's start to the last one's end: time, CPU of the process, most memory. */
final class Meter {
  private final int count;
  private final Handler handler;
  private final AtomicBoolean begun = new AtomicBoolean();
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger sum = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  /** Milliseconds by the number of the record; empty where the handler takes none. */
  private final double[] delays;
  private volatile long started;
  private volatile long startedCpu;
  private long nanos;
  private long cpuNanos;

  Meter(Arguments args) {
    String name = args.text("handler");
    this.count = args.number("count");
    this.delays = new double[name.equals("latency") ? count : 0];
    this.handler = Handler.of(name, delays);
  }

  /** Any thread may call it. */
  void handle(byte[] value) {
    if (!begun.get() && begun.compareAndSet(false, true)) {
      startedCpu = cpu();
      started = System.nanoTime();
    }
    int part = handler.handle(value);
    if (part != 0) sum.accumulateAndGet(part, (a, b) -> a ^ b);
    if (done.incrementAndGet() == count) {
      nanos = System.nanoTime() - started;
      cpuNanos = cpu() - startedCpu;
      ended.countDown();
    }
  }

  boolean isDone() {
    return ended.getCount() == 0;
  }

  void await() throws InterruptedException {
    ended.await();
  }

  /** One line of JSON. */
  String result() throws IOException {
    String figures = String.format(
        Locale.ROOT,
        "\"messages\":%d,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"peakRssMiB\":%.1f,\"checksum\":\"%08x\"",
        count, nanos / 1e9, cpuNanos / 1e9, peakRssMiB(), sum.get());
    if (delays.length == 0) return "{" + figures + "}";
    String list = Arrays.stream(delays).mapToObj(ms -> String.format(Locale.ROOT, "%.3f", ms)).collect(Collectors.joining(","));
    return "{" + figures + ",\"latencies\":[" + list + "]}";
  }

  private static long cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  /** What Linux kept count of; elsewhere 0, which stands for unknown. */
  private static double peakRssMiB() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) return 0;
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElse(0);
  }
}
