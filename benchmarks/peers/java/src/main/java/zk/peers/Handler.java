package zk.peers;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What each record is given to: the same work as in {@code handlers.mjs}, whose passes are in {@code src/fnv.ts}. That it is the same
 * is checked with each run of the work "cpu": where checksums of programs differ, there are no figures.
 */
interface Handler {
  int PRIME = 0x01000193;
  int PASSES = 3_700;
  long SLEEP_MS = 5;

  /** @return the record's part of the checksum */
  int handle(byte[] value);

  /** @param delays where "latency" puts what it finds, in milliseconds, by the number of the record */
  static Handler of(String name, double[] delays) {
    return switch (name) {
      case "noop" -> value -> 0;
      case "cpu" -> Handler::fnv1a;
      case "sleep" -> value -> sleep();
      case "latency" -> value -> delay(value, delays);
      default -> throw new IllegalArgumentException("no handler is called " + name);
    };
  }

  private static int fnv1a(byte[] bytes) {
    int hash = 0x811c9dc5;
    for (int pass = 0; pass < PASSES; pass++) {
      for (byte b : bytes) hash = (hash ^ (b & 0xff)) * PRIME;
    }
    return hash;
  }

  private static int sleep() {
    try {
      Thread.sleep(SLEEP_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  /** The value is {"i":"00000000","t":"0000000000000000",…: its number, and when it was produced, in microseconds. */
  private static int delay(byte[] value, double[] delays) {
    long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    int number = Integer.parseInt(text(value, 6, 14));
    if (number < delays.length) delays[number] = (now - Long.parseLong(text(value, 21, 37))) / 1_000.0;
    return 0;
  }

  private static String text(byte[] value, int from, int to) {
    return new String(value, from, to - from, StandardCharsets.US_ASCII);
  }
}
