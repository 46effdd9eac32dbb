#include "producer.h"

#include <cstring>

#include "token.h"

namespace zk {

namespace {

/// librdkafka takes a null pointer for null, and an empty array has none of its own.
const void* pointerOf(const Bytes& bytes, bool isNull) {
  static const uint8_t empty = 0;
  return isNull ? nullptr : bytes.data == nullptr ? &empty : bytes.data;
}

uint32_t readWord(const uint8_t*& at) {
  uint32_t word;
  memcpy(&word, at, sizeof(word));
  at += sizeof(word);
  return word;
}

rd_kafka_headers_t* headersOf(const Bytes& packed) {
  const uint8_t* at = packed.data;
  const uint32_t count = readWord(at);
  rd_kafka_headers_t* headers = rdkafka.rd_kafka_headers_new(count);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t nameSize = readWord(at);
    const auto* name = reinterpret_cast<const char*>(at);
    at += nameSize;
    const auto valueSize = static_cast<int32_t>(readWord(at));
    const Bytes value{at, valueSize > 0 ? static_cast<size_t>(valueSize) : 0};
    rdkafka.rd_kafka_header_add(headers, name, nameSize, pointerOf(value, valueSize < 0), static_cast<ssize_t>(value.size));
    at += value.size;
  }
  return headers;
}

rd_kafka_vu_t entry(rd_kafka_vtype_t type) {
  rd_kafka_vu_t entry;
  memset(&entry, 0, sizeof(entry));
  entry.vtype = type;
  return entry;
}

rd_kafka_vu_t bytesEntry(rd_kafka_vtype_t type, const Bytes& bytes) {
  rd_kafka_vu_t made = entry(type);
  made.u.mem.ptr = const_cast<void*>(pointerOf(bytes, bytes.data == nullptr));
  made.u.mem.size = bytes.size;
  return made;
}

}  // namespace

std::string Producer::open(const std::vector<std::pair<std::string, std::string>>& properties) {
  char reason[512] = "";
  rd_kafka_conf_t* conf = rdkafka.rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rdkafka.rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof(reason)) == RD_KAFKA_CONF_OK) continue;
    rdkafka.rd_kafka_conf_destroy(conf);
    return reason;
  }
  rdkafka.rd_kafka_conf_set(conf, "log.queue", "true", reason, sizeof(reason));
  rdkafka.rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
  client_ = rdkafka.rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
  if (client_ == nullptr) {
    rdkafka.rd_kafka_conf_destroy(conf);
    return reason;
  }
  rdkafka.rd_kafka_set_log_queue(client_, nullptr);
  queue_ = rdkafka.rd_kafka_queue_get_main(client_);
  rdkafka.rd_kafka_queue_cb_event_enable(queue_, onEvent, this);
  // What was said before the callback was there.
  wake_();
  return "";
}

rd_kafka_resp_err_t Producer::send(const RecordToSend& record) {
  rd_kafka_headers_t* headers = record.headers.size == 0 ? nullptr : headersOf(record.headers);
  rd_kafka_vu_t topic = entry(RD_KAFKA_VTYPE_TOPIC);
  topic.u.cstr = record.topic.c_str();
  rd_kafka_vu_t partition = entry(RD_KAFKA_VTYPE_PARTITION);
  partition.u.i32 = record.partition;
  rd_kafka_vu_t flags = entry(RD_KAFKA_VTYPE_MSGFLAGS);
  flags.u.i = RD_KAFKA_MSG_F_COPY;
  rd_kafka_vu_t timestamp = entry(RD_KAFKA_VTYPE_TIMESTAMP);
  timestamp.u.i64 = record.timestamp;
  rd_kafka_vu_t opaque = entry(RD_KAFKA_VTYPE_OPAQUE);
  opaque.u.ptr = reinterpret_cast<void*>(static_cast<uintptr_t>(record.token));
  rd_kafka_vu_t list = entry(RD_KAFKA_VTYPE_HEADERS);
  list.u.headers = headers;
  // Headers last: without them the entry is left off.
  const rd_kafka_vu_t entries[] = {topic,     partition, bytesEntry(RD_KAFKA_VTYPE_KEY, record.key), bytesEntry(RD_KAFKA_VTYPE_VALUE, record.value),
                                   timestamp, flags,     opaque,                                     list};
  const size_t count = sizeof(entries) / sizeof(*entries) - (headers == nullptr ? 1 : 0);
  rd_kafka_error_t* error = rdkafka.rd_kafka_produceva(client_, entries, count);
  if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  // Of a record that was refused the headers are still ours.
  if (headers != nullptr) rdkafka.rd_kafka_headers_destroy(headers);
  const auto code = rdkafka.rd_kafka_error_code(error);
  rdkafka.rd_kafka_error_destroy(error);
  return code;
}

bool Producer::take(size_t maxReports, Reports* reports, std::vector<ProducerEvent>* events) {
  while (reports->tokens.size() < maxReports) {
    rd_kafka_event_t* event = rdkafka.rd_kafka_queue_poll(queue_, 0);
    if (event == nullptr) return false;
    switch (rdkafka.rd_kafka_event_type(event)) {
      case RD_KAFKA_EVENT_DR:
        while (const rd_kafka_message_t* message = rdkafka.rd_kafka_event_message_next(event)) {
          reports->tokens.push_back(static_cast<double>(reinterpret_cast<uintptr_t>(message->_private)));
          reports->offsets.push_back(static_cast<double>(message->offset));
          reports->codes.push_back(message->err);
          reports->partitions.push_back(message->partition);
          reports->statuses.push_back(rdkafka.rd_kafka_message_status(message));
        }
        break;
      case RD_KAFKA_EVENT_ERROR: {
        ProducerEvent found;
        found.code = rdkafka.rd_kafka_event_error(event);
        found.message = rdkafka.rd_kafka_event_error_string(event);
        char reason[512];
        // The error of the broker may come before the one that says "fatal".
        const auto fatal = rdkafka.rd_kafka_fatal_error(client_, reason, sizeof(reason));
        if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
          found.fatal = true;
          found.code = fatal;
          found.message = reason;
        }
        events->push_back(found);
        break;
      }
      case RD_KAFKA_EVENT_LOG: {
        const char *facility, *text;
        ProducerEvent line;
        line.isLog = true;
        if (rdkafka.rd_kafka_event_log(event, &facility, &text, &line.code) == 0) {
          line.facility = facility;
          line.message = text;
          events->push_back(line);
        }
        break;
      }
      default:
        break;
    }
    rdkafka.rd_kafka_event_destroy(event);
  }
  return true;
}

rd_kafka_resp_err_t Producer::setToken(const std::string& token) {
  return client_ == nullptr ? RD_KAFKA_RESP_ERR__STATE : giveToken(client_, token);
}

void Producer::purge() {
  if (client_ != nullptr) rdkafka.rd_kafka_purge(client_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void Producer::silence() {
  if (queue_ != nullptr) rdkafka.rd_kafka_queue_cb_event_enable(queue_, nullptr, nullptr);
}

void Producer::close() {
  if (client_ == nullptr) return;
  silence();
  rdkafka.rd_kafka_queue_destroy(queue_);
  queue_ = nullptr;
  rdkafka.rd_kafka_destroy(client_);
  client_ = nullptr;
}

}  // namespace zk
