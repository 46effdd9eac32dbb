// The packed block: records as columns, then their bytes. src/index.ts describes the layout byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "rdkafka.h"

namespace zk {

/// Memory to pack into, lent by whoever asks for a read. Without `data` there is none.
struct Room {
  uint8_t* data = nullptr;
  size_t capacity = 0;
  /// The lender's name for it; 0 when nothing was lent.
  int32_t id = 0;
  /// Keeps the memory alive.
  std::shared_ptr<void> owner;
};

/// A packed block: in the room that was lent, or in memory of its own (from malloc, the holder's to free). Then the room
/// keeps only its name.
struct Block {
  uint8_t* data = nullptr;
  size_t size = 0;
  Room room;

  bool isLent() const { return room.data != nullptr; }
};

/// What a block says of a record.
struct Row {
  double offset;
  double timestamp;
  int32_t slot;
  uint32_t keyHash;
  int32_t keyLength;
  int32_t valueLength;
  int32_t headersLength;
  int32_t flags;
  uint32_t size;
};

/// A record that was taken from librdkafka, and is in no block yet.
struct HeldRecord {
  HeldRecord(rd_kafka_message_t* message, int32_t slot);
  HeldRecord(const Row& row, std::vector<uint8_t> bytes) : bytes(std::move(bytes)), row(row) {}

  std::vector<uint8_t> bytes;
  Row row;
};

/// What one read collects. Each record is copied out as it comes, and given back to librdkafka while caches know it.
class Batch {
 public:
  /// Records whose key hash has the same remainder modulo `groups` lie together in the block, in their order.
  explicit Batch(uint32_t groups) : groupSizes_(groups) {}

  size_t count() const { return rows_.size(); }
  /// Bytes of keys, values and headers together.
  uint64_t bytes() const { return bytes_.size(); }
  /// Before the first add(): the block shall not become larger than this.
  void limitTo(size_t blockSize) { limit_ = blockSize; }
  /// Copies the record if it fits below `maxBytes` and into the block; the first one always fits.
  /// @returns the record, if it does not fit
  std::optional<HeldRecord> add(rd_kafka_message_t* message, int32_t slot, uint64_t maxBytes);
  /// The same for one that did not fit before. @returns whether it fits now
  bool add(const HeldRecord& record, uint64_t maxBytes);
  /// Packs everything, into the room if it is large enough.
  Block pack(Room room);

 private:
  bool fits(size_t records, uint64_t bytes, uint64_t maxBytes) const;
  uint32_t groupOf(const Row& row) const { return row.keyHash % static_cast<uint32_t>(groupSizes_.size()); }

  std::vector<Row> rows_;
  /// The records' bytes in the order of the rows, without a gap.
  std::vector<uint8_t> bytes_;
  std::vector<size_t> groupSizes_;
  size_t limit_ = SIZE_MAX;
};

}  // namespace zk
