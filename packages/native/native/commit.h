#pragma once

#include <nan.h>

namespace zk {

/// Exports commit, committed, storeOffsets, assignmentLost and memberId; src/offsets.ts wraps them.
void exportCommit(v8::Local<v8::Object> target);

}  // namespace zk
