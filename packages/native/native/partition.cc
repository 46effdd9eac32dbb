#include "partition.h"

namespace zk {

namespace {

int64_t timestampOf(rd_kafka_message_t* message) { return rdkafka.rd_kafka_message_timestamp(message, nullptr); }

}  // namespace

/// One call of take(), for what librdkafka calls back with.
struct Partition::Read {
  Partition& partition;
  Batch& batch;
  const size_t records;
  const uint64_t endBytes;
  const uint64_t maxBytes;
  QueueEvents& events;
  size_t taken = 0;
  /// A record did not fit: the batch is full.
  bool filled = false;

  bool isOver() const { return filled || taken == records || batch.bytes() >= endBytes; }

  static void onMessage(rd_kafka_message_t* message, void* opaque) {
    auto& read = *static_cast<Read*>(opaque);
    read.partition.next(message, read);
    // The mark that says so is the thread's; the client is not asked for.
    if (read.isOver()) rdkafka.rd_kafka_yield(nullptr);
  }
};

/// Until the queue is empty or enough was read, without waiting.
///
/// A call for a single record takes locks and looks at the clock several times, which costs more than the copy. So the
/// rest comes by callbacks, `consume.callback.max.messages` at a time: a few, since what is out of the queue meanwhile looks to
/// librdkafka like room for another fetch. What is left after a yield goes back to where it was. Where the number is
/// not set, it would be the whole queue, and single calls have to do.
///
/// Not by librdkafka's call for an array of records: it moves the consumer's position behind everything it returns, the end
/// of a partition and errors included. A pause or a rebalance then resumes one record too far, and the record is lost. The
/// calls used here move it behind records only. Like the other they serve what is not for the application (version
/// barriers), drop records of a superseded version of the partition (assignment, seek, pause), and clear the queue's wake-up
/// mark under the queue's lock: once one found the queue empty, the next record to arrive is sure to write to the wake-up
/// descriptor.
bool Partition::take(Batch& batch, size_t records, uint64_t share, uint64_t maxBytes, QueueEvents& events) {
  Read read{*this, batch, records, batch.bytes() + share, maxBytes, events};
  while (!held_.empty() && !read.isOver()) {
    if (!batch.add(held_.front(), maxBytes)) return false;
    held_.pop_front();
    read.taken++;
  }
  while (!read.isOver()) {
    rd_kafka_message_t* first = rdkafka.rd_kafka_consume_queue(queue_, 0);
    if (first == nullptr) return false;
    next(first, read);
    // The first message has the handle of the topic that this call asks for, and keeps it alive.
    bool mayFollow = inBursts_ && first->rkt != nullptr;
    while (mayFollow && !read.isOver())
      mayFollow = rdkafka.rd_kafka_consume_callback(first->rkt, partition, 0, Read::onMessage, &read) > 0;
    rdkafka.rd_kafka_message_destroy(first);
  }
  return !read.filled;
}

void Partition::next(rd_kafka_message_t* message, Read& read) {
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    read.events.onEnd(slot, message->offset);
  } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    read.events.onError(message);
  } else if (!isRepeated(message)) {
    lastOffset_ = message->offset;
    lastTimestamp_ = timestampOf(message);
    lastLeaderEpoch_ = rdkafka.rd_kafka_message_leader_epoch(message);
    if (auto held = read.batch.add(message, slot, read.maxBytes)) {
      held_.push_back(std::move(*held));
      read.filled = true;
    } else {
      read.taken++;
    }
  }
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
  held_.clear();
  lastOffset_ = -1;
}

void Partition::release() {
  rdkafka.rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
  rdkafka.rd_kafka_queue_destroy(queue_);
  queue_ = nullptr;
}

void Partition::abandon() { queue_ = nullptr; }

}  // namespace zk
