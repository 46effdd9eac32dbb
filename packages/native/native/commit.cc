#include "commit.h"

#include <algorithm>

#include "broker_call.h"

namespace zk {

namespace {

/// When to ask again for a lock that node-rdkafka holds for a moment.
constexpr int kRetryMs = 1;

class Commit final : public QueuedCall {
 public:
  using QueuedCall::QueuedCall;

 private:
  rd_kafka_resp_err_t send(rd_kafka_t* client, rd_kafka_queue_t* queue) override {
    return rdkafka.rd_kafka_commit_queue(client, list_.get(), queue, nullptr, nullptr);
  }

  bool read(rd_kafka_event_t* event) override {
    if (rdkafka.rd_kafka_event_type(event) != RD_KAFKA_EVENT_OFFSET_COMMIT) return false;
    const auto* answer = rdkafka.rd_kafka_event_topic_partition_list(event);
    for (int i = 0; answer && i < std::min(answer->cnt, list_->cnt); i++) list_->elems[i].err = answer->elems[i].err;
    return true;
  }
};

/// librdkafka's call blocks, and the connection lock must be held for its length: so it is made in slices, to make way
/// for whoever wants the lock. Slices grow, for a broker that is slower than the first one.
class Committed final : public BrokerCall {
 public:
  using BrokerCall::BrokerCall;

 private:
  void wait() override {
    int slice = 500;
    error_ = RD_KAFKA_RESP_ERR__TIMED_OUT;
    while (error_ == RD_KAFKA_RESP_ERR__TIMED_OUT && remainingMs() > 0) {
      if (cancelled_) {
        error_ = RD_KAFKA_RESP_ERR__STATE;
        break;
      }
      Lease lease(connection_);
      if (lease) {
        error_ = rdkafka.rd_kafka_committed(lease.client(), list_.get(), std::min(slice, remainingMs()));
        slice = std::min(slice * 2, 2000);
      } else if (lease.isGone()) {
        error_ = RD_KAFKA_RESP_ERR__STATE;
      } else {
        wakeUp_.wait(kRetryMs);
      }
    }
  }
};

NAN_METHOD(StoreOffsets) {  // (client, entries): [code, partitions]
  Lease lease(unwrapConnection(info[0]));
  auto list = toList(info[1]);
  const auto error =
      lease ? rdkafka.rd_kafka_offsets_store(lease.client(), list.get()) : RD_KAFKA_RESP_ERR__STATE;
  auto result = Nan::New<v8::Array>(2);
  Nan::Set(result, 0, Nan::New(static_cast<int32_t>(error)));
  Nan::Set(result, 1, listToJs(list.get()));
  info.GetReturnValue().Set(result);
}

NAN_METHOD(CancelCalls) {  // (client)
  if (auto* connection = unwrapConnection(info[0])) BrokerCall::cancel(connection);
}

NAN_METHOD(AssignmentLost) {  // (client): undefined when not connected
  Lease lease(unwrapConnection(info[0]));
  if (lease) info.GetReturnValue().Set(rdkafka.rd_kafka_assignment_lost(lease.client()) != 0);
}

NAN_METHOD(MemberId) {  // (client): undefined when not connected
  Lease lease(unwrapConnection(info[0]));
  if (!lease) return;
  char* id = rdkafka.rd_kafka_memberid(lease.client());
  info.GetReturnValue().Set(toJs(id == nullptr ? "" : id));
  if (id != nullptr) rdkafka.rd_kafka_mem_free(lease.client(), id);
}

}  // namespace

void exportCommit(v8::Local<v8::Object> target) {
  Nan::Export(target, "commit", StartCall<Commit>);
  Nan::Export(target, "committed", StartCall<Committed>);
  Nan::Export(target, "cancelCalls", CancelCalls);
  Nan::Export(target, "storeOffsets", StoreOffsets);
  Nan::Export(target, "assignmentLost", AssignmentLost);
  Nan::Export(target, "memberId", MemberId);
}

}  // namespace zk
