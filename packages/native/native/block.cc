#include "block.h"

#include <cstdlib>
#include <cstring>

#include "key_hash.h"
#include "library.h"

namespace zk {

namespace {

constexpr uint32_t kMagic = 0x5a4b4232;
constexpr size_t kHeaderSize = 32;

constexpr size_t alignUp(size_t value, size_t to) { return (value + to - 1) & ~(to - 1); }

template <typename T>
void append(std::vector<uint8_t>& to, const T* data, size_t bytes) {
  const auto* from = reinterpret_cast<const uint8_t*>(data);
  to.insert(to.end(), from, from + bytes);
}

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

}  // namespace

uint32_t Batch::serializeHeaders(rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rdkafka.rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  const size_t start = headers_.size();
  uint32_t count = 0;
  append(headers_, &count, 4);
  const char* name;
  const void* value;
  size_t size;
  while (rdkafka.rd_kafka_header_get_all(headers, count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto nameLength = static_cast<uint32_t>(strlen(name));
    const int32_t valueLength = value ? static_cast<int32_t>(size) : -1;
    append(headers_, &nameLength, 4);
    append(headers_, name, nameLength);
    append(headers_, &valueLength, 4);
    if (valueLength > 0) append(headers_, static_cast<const uint8_t*>(value), size);
    count++;
  }
  if (count == 0) {
    headers_.resize(start);
    return 0;
  }
  memcpy(headers_.data() + start, &count, 4);
  return static_cast<uint32_t>(headers_.size() - start);
}

bool Batch::add(rd_kafka_message_t* message, int32_t slot, uint64_t maxBytes) {
  const auto headersAt = static_cast<uint32_t>(headers_.size());
  TakenRecord record{message, slot, headersAt, serializeHeaders(message)};
  const uint64_t size = record.size();
  if (!records_.empty() && bytes_ + size > maxBytes) {
    headers_.resize(headersAt);
    return false;
  }
  bytes_ += size;
  records_.push_back(record);
  return true;
}

void Batch::clear() {
  for (auto& record : records_) rdkafka.rd_kafka_message_destroy(record.message);
  records_.clear();
  headers_.clear();
  bytes_ = 0;
}

uint8_t* Batch::pack(size_t* blockSize) {
  const size_t n = records_.size();
  // Eight columns of at most 8 bytes of padding each, and up to 3 bytes of padding a record.
  const size_t capacity = kHeaderSize + n * (2 * 8 + 8 * 4) + 10 * 8 + bytes_ + n * 3 + 8;
  auto* block = static_cast<uint8_t*>(malloc(capacity));
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

  const size_t bytesStart = columns.end();
  size_t at = bytesStart;
  for (size_t i = 0; i < n; i++) {
    const TakenRecord& record = records_[i];
    rd_kafka_message_t* message = record.message;
    rd_kafka_timestamp_type_t type;
    const int64_t time = rdkafka.rd_kafka_message_timestamp(message, &type);

    offset[i] = static_cast<double>(message->offset);
    timestamp[i] = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : static_cast<double>(time);
    flags[i] = type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? 1 : type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? 2 : 0;
    slot[i] = record.slot;
    hash[i] = message->key ? keyHash(static_cast<const uint8_t*>(message->key), message->key_len) : 0;
    keyLength[i] = message->key ? static_cast<int32_t>(message->key_len) : -1;
    valueLength[i] = message->payload ? static_cast<int32_t>(message->len) : -1;
    headersLength[i] = static_cast<int32_t>(record.headersLength);
    position[i] = static_cast<uint32_t>(at);
    size[i] = static_cast<int32_t>(record.size());

    const auto put = [&](const void* from, size_t length) {
      if (length == 0) return;
      memcpy(block + at, from, length);
      at += length;
    };
    if (message->key) put(message->key, message->key_len);
    if (message->payload) put(message->payload, message->len);
    put(headers_.data() + record.headersAt, record.headersLength);
    while (at % 4 != 0) block[at++] = 0;
  }

  const uint32_t header[kHeaderSize / 4] = {kMagic, static_cast<uint32_t>(n), static_cast<uint32_t>(bytesStart),
                                            static_cast<uint32_t>(at)};
  memcpy(block, header, sizeof(header));
  clear();
  *blockSize = at;
  return block;
}

}  // namespace zk
