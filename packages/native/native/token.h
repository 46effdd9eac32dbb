#pragma once

#include <nan.h>

#include <string>

#include "library.h"

namespace zk {

/// Gives a client its token for SASL/OAUTHBEARER. Any thread may.
rd_kafka_resp_err_t giveToken(rd_kafka_t* client, const std::string& token);

void exportToken(v8::Local<v8::Object> target);

}  // namespace zk
