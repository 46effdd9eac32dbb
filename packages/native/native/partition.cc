#include "partition.h"

namespace zk {

namespace {

int64_t timestampOf(rd_kafka_message_t* message) { return rdkafka.rd_kafka_message_timestamp(message, nullptr); }

}  // namespace

bool Partition::take(Batch& batch, size_t records, uint64_t share, uint64_t maxBytes, QueueEvents& events) {
  const uint64_t before = batch.bytes();
  size_t taken = 0;
  while (taken < records && batch.bytes() - before < share) {
    const bool carried = carries();
    rd_kafka_message_t* message = carried ? carried_.front() : next(events);
    if (message == nullptr || !batch.add(message, slot, maxBytes)) {
      if (message != nullptr && !carried) carried_.push_back(message);
      return false;
    }
    if (carried) carried_.pop_front();
    taken++;
  }
  return true;
}

/// The next record that is ready, without waiting; null when the queue is empty.
///
/// One at a time, although librdkafka has a call for many: that one moves the consumer's position behind everything it
/// returns, the end of a partition and errors included. A pause or a rebalance then resumes one record too far, and the
/// record is lost. This call moves it behind records only. Like the other it serves what is not for the application
/// (version barriers), drops records of a superseded version of the partition (assignment, seek, pause), and clears the
/// queue's wake-up mark under the queue's lock: once it found the queue empty, the next record to arrive is sure to
/// write to the wake-up descriptor.
rd_kafka_message_t* Partition::next(QueueEvents& events) {
  while (rd_kafka_message_t* message = rdkafka.rd_kafka_consume_queue(queue_, 0)) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (!isRepeated(message)) {
        lastOffset_ = message->offset;
        lastTimestamp_ = timestampOf(message);
        lastLeaderEpoch_ = rdkafka.rd_kafka_message_leader_epoch(message);
        return message;
      }
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      events.onEnd(slot, message->offset);
    } else {
      events.onError(message);
    }
    rdkafka.rd_kafka_message_destroy(message);
  }
  return nullptr;
}

/// True for the record that was taken last and is here once more.
///
/// librdkafka takes a record from the queue first and moves the consumer's position behind it then. A rebalance that
/// pauses the partition between the two saves the old position, and the record is fetched again afterwards. It is known
/// by offset, time and leader epoch, so that a rewind for another reason (topic created anew, log truncated) is not
/// mistaken for it and loses nothing.
bool Partition::isRepeated(rd_kafka_message_t* message) const {
  return message->offset == lastOffset_ && timestampOf(message) == lastTimestamp_ &&
         rdkafka.rd_kafka_message_leader_epoch(message) == lastLeaderEpoch_;
}

void Partition::forget() {
  for (auto* message : carried_) rdkafka.rd_kafka_message_destroy(message);
  carried_.clear();
  lastOffset_ = -1;
}

void Partition::release() {
  forget();
  rdkafka.rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
  rdkafka.rd_kafka_queue_destroy(queue_);
  queue_ = nullptr;
}

void Partition::abandon() {
  carried_.clear();
  queue_ = nullptr;
}

}  // namespace zk
