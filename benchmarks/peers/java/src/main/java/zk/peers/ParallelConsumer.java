package zk.peers;

import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.util.List;

/** Confluent's Parallel Consumer: --concurrency threads, the order of a key kept, --batch records a call. */
public final class ParallelConsumer {
  private ParallelConsumer() {}

  public static void main(String[] argv) throws Exception {
    Arguments args = Arguments.of(argv);
    Meter meter = new Meter(args);
    ParallelStreamProcessor<byte[], byte[]> processor = ParallelStreamProcessor.createEosStreamProcessor(
        ParallelConsumerOptions.<byte[], byte[]>builder()
            .consumer(Consumers.create(args, false))
            .ordering(ProcessingOrder.KEY)
            .maxConcurrency(args.number("concurrency", 16))
            .batchSize(args.number("batch", 1))
            .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
            .build());
    processor.subscribe(List.of(args.text("topic")));
    processor.poll(context -> context.streamConsumerRecords().forEach(record -> meter.handle(record.value())));
    meter.await();
    System.out.println(meter.result());
    System.exit(0);
  }
}
