#include "topic_ids.h"

#include <cstring>
#include <vector>

#include "broker_call.h"

namespace zk {

namespace {

/// Asks for the ids of topics; each entry of the list is one, and gets its topic's id as metadata.
class TopicIds final : public QueuedCall {
 public:
  using QueuedCall::QueuedCall;

 private:
  rd_kafka_resp_err_t send(rd_kafka_t* client, rd_kafka_queue_t* queue) override {
    std::vector<const char*> names;
    for (int i = 0; i < list_->cnt; i++) names.push_back(list_->elems[i].topic);
    auto* topics = rdkafka.rd_kafka_TopicCollection_of_topic_names(names.data(), names.size());
    rdkafka.rd_kafka_DescribeTopics(client, topics, nullptr, queue);
    rdkafka.rd_kafka_TopicCollection_destroy(topics);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }

  bool read(rd_kafka_event_t* event) override {
    if (rdkafka.rd_kafka_event_type(event) != RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT) return false;
    const auto* result = rdkafka.rd_kafka_event_DescribeTopics_result(event);
    if (result == nullptr || rdkafka.rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    size_t count = 0;
    const auto** topics = rdkafka.rd_kafka_DescribeTopics_result_topics(result, &count);
    for (size_t i = 0; i < count; i++) note(topics[i]);
    return true;
  }

  void note(const rd_kafka_TopicDescription_t* topic) {
    const char* name = rdkafka.rd_kafka_TopicDescription_name(topic);
    const auto* error = rdkafka.rd_kafka_TopicDescription_error(topic);
    for (int i = 0; i < list_->cnt; i++) {
      auto& entry = list_->elems[i];
      if (strcmp(entry.topic, name) != 0) continue;
      if (error != nullptr) entry.err = rdkafka.rd_kafka_error_code(error);
      if (entry.err == RD_KAFKA_RESP_ERR_NO_ERROR && entry.metadata == nullptr)
        setMetadata(&entry, rdkafka.rd_kafka_Uuid_base64str(rdkafka.rd_kafka_TopicDescription_topic_id(topic)));
    }
  }
};

}  // namespace

void exportTopicIds(v8::Local<v8::Object> target) { Nan::Export(target, "topicIds", StartCall<TopicIds>); }

}  // namespace zk
