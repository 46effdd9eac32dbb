#include "token.h"

#include <limits>

#include "convert.h"
#include "handle.h"

namespace zk {

namespace {

/// (client, token): a librdkafka code; "state" when the client is not connected, is closing, or is just being locked.
NAN_METHOD(SetToken) {
  auto* connection = unwrapConnection(info[0]);
  auto code = RD_KAFKA_RESP_ERR__STATE;
  if (connection != nullptr) {
    // node-rdkafka's own setToken waits on the main thread for whoever has the lock, and that may be a question to a broker that
    // does not answer, or its disconnect, which waits for the main thread.
    Lease lease(connection);
    if (lease) code = giveToken(lease.client(), toString(info[1]));
  }
  info.GetReturnValue().Set(static_cast<int32_t>(code));
}

}  // namespace

rd_kafka_resp_err_t giveToken(rd_kafka_t* client, const std::string& token) {
  // librdkafka would ask for another one at its end by a callback that nobody answers; whoever gives tokens gives the next one
  // in time. Divided as node-rdkafka does: it is made microseconds of.
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 100000;
  char reason[512];
  return rdkafka.rd_kafka_oauthbearer_set_token(client, token.c_str(), kNever, "", nullptr, 0, reason, sizeof(reason));
}

void exportToken(v8::Local<v8::Object> target) { Nan::Export(target, "setToken", SetToken); }

}  // namespace zk
