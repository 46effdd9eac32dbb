// The packed block: records as columns, then their bytes. src/index.ts describes the layout byte by byte.
#pragma once

#include <cstdint>
#include <vector>

#include "rdkafka.h"

namespace zk {

/// A record taken from librdkafka and not packed yet. Owned by whoever holds it.
struct TakenRecord {
  rd_kafka_message_t* message;
  int32_t slot;
  /// Where its serialized headers lie in the batch's scratch, and how many bytes they have (0: none).
  uint32_t headersAt;
  uint32_t headersLength;

  /// Bytes of key, value and headers together.
  uint64_t size() const { return (message->key ? message->key_len : 0) + (message->payload ? message->len : 0) + headersLength; }
};

/// What one read collects. The buffers are kept from read to read.
class Batch {
 public:
  ~Batch() { clear(); }
  size_t count() const { return records_.size(); }
  /// Sum of size() over the records.
  uint64_t bytes() const { return bytes_; }
  /// Takes ownership of `message` if it fits below `maxBytes`; the first one always fits. False: nothing was done.
  bool add(rd_kafka_message_t* message, int32_t slot, uint64_t maxBytes);
  void clear();

  /// Packs everything and gives the messages back to librdkafka. @returns memory from malloc.
  uint8_t* pack(size_t* size);

 private:
  uint32_t serializeHeaders(rd_kafka_message_t* message);

  std::vector<TakenRecord> records_;
  std::vector<uint8_t> headers_;
  uint64_t bytes_ = 0;
};

}  // namespace zk
