// One attached partition: its librdkafka queue, and the records taken from it that no block holds yet.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "block.h"
#include "library.h"

namespace zk {

/// What reading a partition's queue may yield beside records.
class QueueEvents {
 public:
  virtual ~QueueEvents() = default;
  virtual void onEnd(int32_t slot, int64_t offset) = 0;
  virtual void onError(rd_kafka_message_t* message) = 0;
};

class Partition {
 public:
  /// `inBursts`: the consumer limits how many messages one call may call back with.
  Partition(std::string topic, int32_t partition, int32_t slot, rd_kafka_queue_t* queue, bool inBursts)
      : topic(std::move(topic)), partition(partition), slot(slot), queue_(queue), inBursts_(inBursts) {}
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const std::string topic;
  const int32_t partition;
  const int32_t slot;
  /// Set by the main thread, obeyed by the reader thread before each read of the queue.
  std::atomic<bool> paused{false};
  /// How many seeks are under way; the queue is not read meanwhile.
  std::atomic<int> seeks{0};

  /// During a read: records that were in flight before it, and what it has brought so far.
  uint64_t load = 0;

  /// Entries in the queue, outdated ones included.
  size_t queued() const { return rdkafka.rd_kafka_queue_length(queue_); }
  /// Whether records were taken from the queue that no block holds yet.
  bool holds() const { return !held_.empty(); }
  bool hasRecords() const { return holds() || queued() > 0; }

  /// Moves at most so many records into the batch, and stops at `share` bytes of its own.
  /// @returns whether more can be had of it in this read
  bool take(Batch& batch, size_t records, uint64_t share, uint64_t maxBytes, QueueEvents& events);

  /// A record that librdkafka put into another queue; it comes before everything that is read from now on.
  void hold(rd_kafka_message_t* message) { held_.emplace_back(message, slot); }

  /// Drops what is held, and what is known of earlier records: the position is about to change.
  void forget();

  /// Gives the queue back to librdkafka. Only while the consumer's handle is alive.
  void release();
  /// The handle is gone: what belongs to it must not be touched any more, at the price of a leak.
  void abandon();

 private:
  struct Read;
  void next(rd_kafka_message_t* message, Read& read);
  bool isRepeated(rd_kafka_message_t* message) const;

  rd_kafka_queue_t* queue_;
  const bool inBursts_;
  /// What did not fit, and what came by another queue.
  std::deque<HeldRecord> held_;
  /// The record taken last (see isRepeated).
  int64_t lastOffset_ = -1;
  int64_t lastTimestamp_ = 0;
  int32_t lastLeaderEpoch_ = 0;
};

}  // namespace zk
