package zk.peers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/**
 * Kafka's own client in a loop. With --concurrency 1 handlers run in the loop; with more, in a pool of so many threads,
 * each poll awaited before the next: offsets stay right, the order of a key does not.
 */
public final class PlainClient {
  private PlainClient() {}

  public static void main(String[] argv) throws Exception {
    Arguments args = Arguments.of(argv);
    Meter meter = new Meter(args);
    int concurrency = args.number("concurrency", 1);
    ExecutorService pool = concurrency > 1 ? Executors.newFixedThreadPool(concurrency) : null;
    try (KafkaConsumer<byte[], byte[]> consumer = Consumers.create(args, true)) {
      consumer.subscribe(List.of(args.text("topic")));
      while (!meter.isDone()) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
        if (pool != null) inPool(pool, records, meter);
        else for (ConsumerRecord<byte[], byte[]> record : records) meter.handle(record.value());
      }
    }
    System.out.println(meter.result());
    System.exit(0);
  }

  private static void inPool(ExecutorService pool, ConsumerRecords<byte[], byte[]> records, Meter meter)
      throws InterruptedException {
    List<Callable<Void>> tasks = new ArrayList<>(records.count());
    StreamSupport.stream(records.spliterator(), false)
        .forEach(record -> tasks.add(() -> {
          meter.handle(record.value());
          return null;
        }));
    pool.invokeAll(tasks);
  }
}
