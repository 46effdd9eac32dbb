// A producer of librdkafka's, of its own: node-rdkafka's writes header values as text (null becomes "null", bytes are cut
// at a zero), and its delivery reports say no error code.
//
// Nothing is polled: librdkafka calls `wake` from its threads when its event queue stops being empty, and the main thread
// then takes all that is there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "library.h"

namespace zk {

/// Bytes that belong to the caller; null when `data` is.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

struct RecordToSend {
  std::string topic;
  int32_t partition = RD_KAFKA_PARTITION_UA;
  Bytes key;
  Bytes value;
  /// As packed in blocks: u32 count, then per header u32 name length, name, i32 value length (-1 null), value.
  Bytes headers;
  /// Milliseconds since 1970; 0: now.
  int64_t timestamp = 0;
  /// Comes back with the delivery report.
  uint64_t token = 0;
};

/// Delivery reports by columns.
struct Reports {
  std::vector<double> tokens;
  std::vector<double> offsets;
  std::vector<int32_t> codes;
  std::vector<int32_t> partitions;
  /// rd_kafka_msg_status_t: 0 not written, 1 perhaps written, 2 written.
  std::vector<int32_t> statuses;
};

/// A log line (severity of syslog, facility), or an error (code).
struct ProducerEvent {
  bool isLog = false;
  int32_t code = 0;
  bool fatal = false;
  std::string facility;
  std::string message;
};

class Producer {
 public:
  /// @param wake called from librdkafka's threads when there is something to take
  explicit Producer(std::function<void()> wake) : wake_(std::move(wake)) {}
  ~Producer() { close(); }
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// @returns an empty string, or why librdkafka refuses the properties.
  std::string open(const std::vector<std::pair<std::string, std::string>>& properties);
  /// Copies the record. @returns a librdkafka error code; 0: there will be a report.
  rd_kafka_resp_err_t send(const RecordToSend& record);
  /// At most so many reports. @returns whether there may be more.
  bool take(size_t maxReports, Reports* reports, std::vector<ProducerEvent>* events);
  /// For SASL/OAUTHBEARER. @returns a librdkafka error code.
  rd_kafka_resp_err_t setToken(const std::string& token);
  /// All that has no report yet gets one: librdkafka's "purged".
  void purge();
  /// No call of `wake` any more when this returns.
  void silence();
  /// Waits for librdkafka's threads, which may take as long as a look-up of names. After `silence` any thread may call it.
  void close();

 private:
  static void onEvent(rd_kafka_t*, void* self) { static_cast<Producer*>(self)->wake_(); }

  std::function<void()> wake_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
};

}  // namespace zk
