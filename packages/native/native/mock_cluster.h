#pragma once

#include <nan.h>

namespace zk {

/// Exports the class MockCluster(brokers, defaultPartitions); src/mock-cluster.ts wraps it.
void exportMockCluster(v8::Local<v8::Object> target);

}  // namespace zk
