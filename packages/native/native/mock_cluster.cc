// librdkafka's own mock brokers, for tests. They run in threads of an rd_kafka_t that no client uses.
#include "mock_cluster.h"

#include <vector>

#include "convert.h"
#include "library.h"

namespace zk {

namespace {

class MockCluster final : public Nan::ObjectWrap {
 public:
  static NAN_METHOD(New) {
    char reason[512];
    rd_kafka_conf_t* conf = rdkafka.rd_kafka_conf_new();
    // Without brokers of its own, this handle only carries the cluster. Errors of it have nowhere to go.
    rdkafka.rd_kafka_conf_set(conf, "client.id", "zk-mock-cluster", reason, sizeof(reason));
    rdkafka.rd_kafka_conf_set(conf, "log_level", "3", reason, sizeof(reason));
    rd_kafka_t* client = rdkafka.rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
    if (client == nullptr) {
      rdkafka.rd_kafka_conf_destroy(conf);
      return Nan::ThrowError(reason);
    }
    rd_kafka_mock_cluster_t* cluster = rdkafka.rd_kafka_mock_cluster_new(client, toInt(info[0]));
    if (cluster == nullptr) {
      rdkafka.rd_kafka_destroy(client);
      return Nan::ThrowError("librdkafka could not start its mock brokers");
    }
    auto* self = new MockCluster(client, cluster);
    self->Wrap(info.This());
    self->Ref();
    info.GetReturnValue().Set(info.This());
  }

  static NAN_METHOD(BootstrapServers) {
    if (auto* self = open(info)) info.GetReturnValue().Set(toJs(rdkafka.rd_kafka_mock_cluster_bootstraps(self->cluster_)));
  }
  static NAN_METHOD(CreateTopic) {  // (name, partitions)
    if (auto* self = open(info))
      answer(info, rdkafka.rd_kafka_mock_topic_create(self->cluster_, toString(info[0]).c_str(), toInt(info[1]), 1));
  }
  static NAN_METHOD(SetGroupInitialRebalanceDelay) {
    if (auto* self = open(info)) rdkafka.rd_kafka_mock_group_initial_rebalance_delay_ms(self->cluster_, toInt(info[0]));
  }
  static NAN_METHOD(PushRequestErrors) {  // (apiKey, codes)
    auto* self = open(info);
    if (self == nullptr) return;
    auto codes = info[1].As<v8::Array>();
    std::vector<rd_kafka_resp_err_t> errors;
    for (uint32_t i = 0; i < codes->Length(); i++)
      errors.push_back(static_cast<rd_kafka_resp_err_t>(toInt(Nan::Get(codes, i).ToLocalChecked())));
    rdkafka.rd_kafka_mock_push_request_errors_array(self->cluster_, static_cast<int16_t>(toInt(info[0])), errors.size(),
                                                    errors.data());
  }
  static NAN_METHOD(SetBrokerUp) {  // (id, up)
    auto* self = open(info);
    if (self == nullptr) return;
    const auto change = Nan::To<bool>(info[1]).FromJust() ? rdkafka.rd_kafka_mock_broker_set_up
                                                          : rdkafka.rd_kafka_mock_broker_set_down;
    answer(info, change(self->cluster_, toInt(info[0])));
  }
  static NAN_METHOD(SetBrokerRoundTripTime) {  // (id, ms)
    if (auto* self = open(info)) answer(info, rdkafka.rd_kafka_mock_broker_set_rtt(self->cluster_, toInt(info[0]), toInt(info[1])));
  }
  static NAN_METHOD(Close) {
    auto* self = Nan::ObjectWrap::Unwrap<MockCluster>(info.Holder());
    if (self->cluster_ == nullptr) return;
    rdkafka.rd_kafka_mock_cluster_destroy(self->cluster_);
    rdkafka.rd_kafka_destroy(self->client_);
    self->cluster_ = nullptr;
    self->Unref();
  }

 private:
  using Arguments = const Nan::FunctionCallbackInfo<v8::Value>&;

  MockCluster(rd_kafka_t* client, rd_kafka_mock_cluster_t* cluster) : client_(client), cluster_(cluster) {}

  static int32_t toInt(v8::Local<v8::Value> value) { return Nan::To<int32_t>(value).FromJust(); }
  static void answer(Arguments info, rd_kafka_resp_err_t error) {
    info.GetReturnValue().Set(static_cast<int32_t>(error));
  }
  static MockCluster* open(Arguments info) {
    auto* self = Nan::ObjectWrap::Unwrap<MockCluster>(info.Holder());
    if (self->cluster_ != nullptr) return self;
    Nan::ThrowError("the mock cluster is closed");
    return nullptr;
  }

  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace

void exportMockCluster(v8::Local<v8::Object> target) {
  auto type = Nan::New<v8::FunctionTemplate>(MockCluster::New);
  type->SetClassName(toJs("MockCluster"));
  type->InstanceTemplate()->SetInternalFieldCount(1);
  Nan::SetPrototypeMethod(type, "bootstrapServers", MockCluster::BootstrapServers);
  Nan::SetPrototypeMethod(type, "createTopic", MockCluster::CreateTopic);
  Nan::SetPrototypeMethod(type, "setGroupInitialRebalanceDelay", MockCluster::SetGroupInitialRebalanceDelay);
  Nan::SetPrototypeMethod(type, "pushRequestErrors", MockCluster::PushRequestErrors);
  Nan::SetPrototypeMethod(type, "setBrokerUp", MockCluster::SetBrokerUp);
  Nan::SetPrototypeMethod(type, "setBrokerRoundTripTime", MockCluster::SetBrokerRoundTripTime);
  Nan::SetPrototypeMethod(type, "close", MockCluster::Close);
  set(target, "MockCluster", Nan::GetFunction(type).ToLocalChecked());
}

}  // namespace zk
