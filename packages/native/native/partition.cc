#include "partition.h"

#include <algorithm>

namespace zk {

namespace {

constexpr size_t kMaxTaken = 256;
constexpr size_t kFirstTaken = 16;

int64_t timestampOf(rd_kafka_message_t* message) { return rdkafka.rd_kafka_message_timestamp(message, nullptr); }

}  // namespace

size_t Partition::take(Batch& batch, size_t records, uint64_t share, uint64_t maxBytes, QueueEvents& events,
                       bool* drained) {
  *drained = false;
  const uint64_t before = batch.bytes();
  size_t taken = 0;
  bool queueEmpty = false;
  while (taken < records) {
    if (next_ == carried_.size()) {
      if (queueEmpty) {
        *drained = true;
        break;
      }
      const uint64_t used = batch.bytes() - before;
      queueEmpty = !refill(records - taken, share > used ? share - used : 1, events);
      continue;
    }
    rd_kafka_message_t* message = carried_[next_];
    if (!batch.add(message, slot, maxBytes)) {
      *drained = true;
      break;
    }
    next_++;
    taken++;
    if (batch.bytes() - before >= share) break;
  }
  return taken;
}

/// Takes from the queue what is ready, without waiting. @returns false when the queue was emptied.
///
/// The batch call does three things that reading relies on: it serves what is not a record (version barriers), it
/// drops records of an older version of the partition (assignment, seek, pause) instead of returning them, and it
/// clears the queue's wake-up mark under the queue's lock. So after a call that returned less than was asked for, the
/// next record to arrive is sure to write to the wake-up descriptor.
bool Partition::refill(size_t records, uint64_t share, QueueEvents& events) {
  carried_.clear();
  next_ = 0;
  rd_kafka_message_t* messages[kMaxTaken];
  const size_t fitting = averageSize_ == 0 ? kFirstTaken : share / averageSize_ + 1;
  const size_t wanted = std::min({records, fitting, kMaxTaken});
  const ssize_t got = rdkafka.rd_kafka_consume_batch_queue(queue_, 0, messages, wanted);
  newCall_ = true;
  for (ssize_t i = 0; i < got; i++) {
    rd_kafka_message_t* message = messages[i];
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      accept(message);
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      events.onEnd(slot, message->offset);
    else
      events.onError(message);
    rdkafka.rd_kafka_message_destroy(message);
  }
  return got == static_cast<ssize_t>(wanted);
}

void Partition::accept(rd_kafka_message_t* message) {
  if (message->offset <= lastOffset_ && isRepeated(message)) {
    rdkafka.rd_kafka_message_destroy(message);
    return;
  }
  if (newCall_) {
    seen_.clear();
    newCall_ = false;
  }
  seen_.push_back({message->offset, timestampOf(message), rdkafka.rd_kafka_message_leader_epoch(message)});
  lastOffset_ = message->offset;
  const uint64_t size = message->len + message->key_len + 1;
  averageSize_ = averageSize_ == 0 ? size : (averageSize_ * 7 + size) / 8;
  carried_.push_back(message);
}

/// True for a record that was taken already and is here once more.
///
/// A batch call takes records first and moves the consumer's position behind them last. A rebalance that pauses the
/// partition between the two saves the old position, and what the call returned is fetched again afterwards. Only the
/// records of the last call can come twice in this way. They are known by offset, time and leader epoch, so that a
/// rewind for another reason (topic created anew, log truncated) is not mistaken for it and loses nothing.
bool Partition::isRepeated(rd_kafka_message_t* message) const {
  const auto found = std::lower_bound(seen_.begin(), seen_.end(), message->offset,
                                      [](const Seen& seen, int64_t offset) { return seen.offset < offset; });
  return found != seen_.end() && found->offset == message->offset && found->timestamp == timestampOf(message) &&
         found->leaderEpoch == rdkafka.rd_kafka_message_leader_epoch(message);
}

void Partition::forget() {
  for (; next_ < carried_.size(); next_++) rdkafka.rd_kafka_message_destroy(carried_[next_]);
  carried_.clear();
  next_ = 0;
  seen_.clear();
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
  next_ = 0;
  queue_ = nullptr;
}

}  // namespace zk
