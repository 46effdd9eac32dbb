#include "block.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "key_hash.h"
#include "library.h"

namespace zk {

namespace {

constexpr uint32_t kMagic = 0x5a4b4232;
constexpr size_t kHeaderSize = 32;
/// Scratch memory beyond this is not kept: it was needed for a large record.
constexpr size_t kKeptScratch = 4 * 1024 * 1024;

constexpr size_t alignUp(size_t value, size_t to) { return (value + to - 1) & ~(to - 1); }

/// Lays the columns out one after another, each starting at a multiple of 8.
class Columns {
 public:
  Columns(uint8_t* block, size_t count) : block_(block), count_(count) {}
  template <typename T>
  T* next() {
    T* column = reinterpret_cast<T*>(block_ + at_);
    const size_t end = at_ + count_ * sizeof(T);
    at_ = alignUp(end, 8);
    memset(block_ + end, 0, at_ - end);
    return column;
  }
  size_t end() const { return at_; }

 private:
  uint8_t* block_;
  size_t count_;
  size_t at_ = kHeaderSize;
};

/// An upper bound: eight narrow columns may be padded, and each record by up to 3 bytes.
size_t packedSize(size_t count, uint64_t bytes) {
  return kHeaderSize + count * (2 * 8 + 8 * 4) + 8 * 8 + bytes + count * 3;
}

/// Whether the record is sure to have no headers. librdkafka would allocate and clear a parser for the answer, a tenth of
/// what reading the record costs. Only records of the current format have a leader epoch; there, in one piece with the
/// value, the number of headers comes next.
bool hasNoHeaders(rd_kafka_message_t* message) {
  return message->len > 0 && rdkafka.rd_kafka_message_leader_epoch(message) >= 0 &&
         static_cast<const uint8_t*>(message->payload)[message->len] == 0;
}

void append(std::vector<uint8_t>& to, const void* from, size_t length) {
  const auto* bytes = static_cast<const uint8_t*>(from);
  to.insert(to.end(), bytes, bytes + length);
}

void appendHeaders(std::vector<uint8_t>& to, rd_kafka_message_t* message) {
  if (hasNoHeaders(message)) return;
  rd_kafka_headers_t* headers = nullptr;
  if (rdkafka.rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const size_t start = to.size();
  uint32_t count = 0;
  append(to, &count, 4);
  const char* name;
  const void* value;
  size_t size;
  while (rdkafka.rd_kafka_header_get_all(headers, count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto nameLength = static_cast<uint32_t>(strlen(name));
    const int32_t valueLength = value ? static_cast<int32_t>(size) : -1;
    append(to, &nameLength, 4);
    append(to, name, nameLength);
    append(to, &valueLength, 4);
    if (valueLength > 0) append(to, value, size);
    count++;
  }
  if (count == 0)
    to.resize(start);
  else
    memcpy(to.data() + start, &count, 4);
}

/// Copies the record's bytes to the end of `to`.
Row copyOut(rd_kafka_message_t* message, int32_t slot, std::vector<uint8_t>& to) {
  const size_t start = to.size();
  const size_t keyLength = message->key ? message->key_len : 0;
  const size_t valueLength = message->payload ? message->len : 0;
  append(to, message->key, keyLength);
  append(to, message->payload, valueLength);
  appendHeaders(to, message);
  const size_t size = to.size() - start;
  rd_kafka_timestamp_type_t type;
  const int64_t time = rdkafka.rd_kafka_message_timestamp(message, &type);
  return {
      .offset = static_cast<double>(message->offset),
      .timestamp = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : static_cast<double>(time),
      .slot = slot,
      .keyHash = message->key ? keyHash(static_cast<const uint8_t*>(message->key), keyLength) : 0,
      .keyLength = message->key ? static_cast<int32_t>(keyLength) : -1,
      .valueLength = message->payload ? static_cast<int32_t>(valueLength) : -1,
      .headersLength = static_cast<int32_t>(size - keyLength - valueLength),
      .flags = type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? 1 : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? 2 : 0,
      .size = static_cast<uint32_t>(size),
  };
}

}  // namespace

HeldRecord::HeldRecord(rd_kafka_message_t* message, int32_t slot) : row(copyOut(message, slot, bytes)) {}

bool Batch::fits(size_t records, uint64_t bytes, uint64_t maxBytes) const {
  return records == 1 || (bytes <= maxBytes && packedSize(records, bytes) <= limit_);
}

std::optional<HeldRecord> Batch::add(rd_kafka_message_t* message, int32_t slot, uint64_t maxBytes) {
  const size_t start = bytes_.size();
  const Row row = copyOut(message, slot, bytes_);
  if (fits(count() + 1, bytes_.size(), maxBytes)) {
    rows_.push_back(row);
    return std::nullopt;
  }
  const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(start);
  HeldRecord held(row, std::vector<uint8_t>(from, bytes_.end()));
  bytes_.erase(from, bytes_.end());
  return held;
}

bool Batch::add(const HeldRecord& record, uint64_t maxBytes) {
  if (!fits(count() + 1, bytes_.size() + record.bytes.size(), maxBytes)) return false;
  append(bytes_, record.bytes.data(), record.bytes.size());
  rows_.push_back(record.row);
  return true;
}

Block Batch::pack(Room room) {
  const size_t n = rows_.size();
  const size_t needed = packedSize(n, bytes());
  if (room.data != nullptr && needed > room.capacity) room = Room{nullptr, 0, room.id, nullptr};
  auto* block = room.data != nullptr ? room.data : static_cast<uint8_t*>(malloc(needed));
  if (block == nullptr) abort();

  Columns columns(block, n);
  auto* offset = columns.next<double>();
  auto* timestamp = columns.next<double>();
  auto* slot = columns.next<int32_t>();
  auto* hash = columns.next<uint32_t>();
  auto* keyLength = columns.next<int32_t>();
  auto* valueLength = columns.next<int32_t>();
  auto* headersLength = columns.next<int32_t>();
  auto* position = columns.next<uint32_t>();
  auto* size = columns.next<int32_t>();
  auto* flags = columns.next<int32_t>();

  // From the groups' sizes to where each begins.
  std::fill(groupSizes_.begin(), groupSizes_.end(), 0);
  for (const Row& row : rows_) groupSizes_[groupOf(row)] += alignUp(row.size, 4);
  const size_t bytesStart = columns.end();
  size_t end = bytesStart;
  for (size_t& group : groupSizes_) end += std::exchange(group, end);

  size_t from = 0;
  for (size_t i = 0; i < n; i++) {
    const Row& row = rows_[i];
    size_t& at = groupSizes_[groupOf(row)];
    offset[i] = row.offset;
    timestamp[i] = row.timestamp;
    slot[i] = row.slot;
    hash[i] = row.keyHash;
    keyLength[i] = row.keyLength;
    valueLength[i] = row.valueLength;
    headersLength[i] = row.headersLength;
    position[i] = static_cast<uint32_t>(at);
    size[i] = static_cast<int32_t>(row.size);
    flags[i] = row.flags;
    if (row.size > 0) memcpy(block + at, bytes_.data() + from, row.size);
    from += row.size;
    at += row.size;
    while (at % 4 != 0) block[at++] = 0;
  }

  const uint32_t header[kHeaderSize / 4] = {kMagic, static_cast<uint32_t>(n), static_cast<uint32_t>(bytesStart),
                                            static_cast<uint32_t>(end)};
  memcpy(block, header, sizeof(header));
  rows_.clear();
  if (bytes() > kKeptScratch)
    std::vector<uint8_t>().swap(bytes_);
  else
    bytes_.clear();
  return Block{block, end, std::move(room)};
}

}  // namespace zk
