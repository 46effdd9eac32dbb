#pragma once

#include <nan.h>

namespace zk {

/// Exports topicIds; src/topic-ids.ts wraps it.
void exportTopicIds(v8::Local<v8::Object> target);

}  // namespace zk
