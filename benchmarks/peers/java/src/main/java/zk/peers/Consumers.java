package zk.peers;

import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A consumer of a new group, from the topic's beginning. */
final class Consumers {
  private Consumers() {}

  static KafkaConsumer<byte[], byte[]> create(Arguments args, boolean autoCommit) {
    Properties config = new Properties();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, args.text("bootstrap"));
    config.put(ConsumerConfig.GROUP_ID_CONFIG, "peer-java-" + UUID.randomUUID());
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, autoCommit);
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, args.number("max-poll-records", 500));
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
