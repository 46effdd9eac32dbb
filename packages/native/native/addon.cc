#include <nan.h>
#include <unistd.h>

#include "commit.h"
#include "convert.h"
#include "key_hash.h"
#include "library.h"
#include "mock_cluster.h"
#include "producer_object.h"
#include "reader_object.h"
#include "token.h"
#include "topic_ids.h"

namespace zk {

namespace {

NAN_METHOD(Load) {  // (path of librdkafka): an empty string, or why it may not be used
  info.GetReturnValue().Set(toJs(loadLibrary(toString(info[0]))));
}

NAN_METHOD(ErrorText) {  // (librdkafka code)
  info.GetReturnValue().Set(
      toJs(rdkafka.rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(Nan::To<int32_t>(info[0]).FromJust()))));
}

NAN_METHOD(KeyHash) {  // (Uint8Array)
  Nan::TypedArrayContents<uint8_t> key(info[0]);
  info.GetReturnValue().Set(keyHash(*key, key.length()));
}

/// Ends the process at once. Node waits for its threads before it exits, and a thread that blocks in a native call, or
/// a client that waits for a dead broker, would keep it.
NAN_METHOD(ExitNow) {  // (code)
  _exit(Nan::To<int32_t>(info[0]).FromJust());
}

NAN_MODULE_INIT(Init) {
  set(target, "nodeRdkafka", toJs(ZK_NODE_RDKAFKA_VERSION));
  set(target, "librdkafka", toJs(compiledLibraryVersion()));
  Nan::Export(target, "load", Load);
  Nan::Export(target, "errorText", ErrorText);
  Nan::Export(target, "keyHash", KeyHash);
  Nan::Export(target, "exitNow", ExitNow);
  exportReader(target);
  exportCommit(target);
  exportTopicIds(target);
  exportToken(target);
  exportProducer(target);
  exportMockCluster(target);
}

}  // namespace

}  // namespace zk

// Not context-aware on purpose: node-rdkafka, which it works on, loads once in a process, on the main thread.
NODE_MODULE(zk_native, zk::Init)
