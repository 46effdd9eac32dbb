// librdkafka as node-rdkafka loaded it: one table of functions, looked up by name in that very library.
//
// Nothing here is linked. Linking would need node-rdkafka's build output at compile time (install scripts may run in
// parallel), and could bind to the librdkafka of another package in the same process, whose structures differ.
#pragma once

#include <string>

#include "rdkafka.h"
#include "rdkafka_mock.h"

namespace zk {

#define ZK_LIBRARY_FUNCTIONS(X)                  \
  X(rd_kafka_version)                            \
  X(rd_kafka_version_str)                        \
  X(rd_kafka_err2str)                            \
  X(rd_kafka_fatal_error)                        \
  X(rd_kafka_mem_malloc)                         \
  X(rd_kafka_queue_new)                          \
  X(rd_kafka_queue_destroy)                      \
  X(rd_kafka_queue_forward)                      \
  X(rd_kafka_queue_get_consumer)                 \
  X(rd_kafka_queue_get_partition)                \
  X(rd_kafka_queue_io_event_enable)              \
  X(rd_kafka_queue_length)                       \
  X(rd_kafka_queue_poll)                         \
  X(rd_kafka_consume_queue)                      \
  X(rd_kafka_consume_callback)                   \
  X(rd_kafka_yield)                              \
  X(rd_kafka_message_destroy)                    \
  X(rd_kafka_message_errstr)                     \
  X(rd_kafka_message_headers)                    \
  X(rd_kafka_message_leader_epoch)               \
  X(rd_kafka_message_timestamp)                  \
  X(rd_kafka_header_get_all)                     \
  X(rd_kafka_topic_name)                         \
  X(rd_kafka_topic_partition_list_new)           \
  X(rd_kafka_topic_partition_list_add)           \
  X(rd_kafka_topic_partition_list_destroy)       \
  X(rd_kafka_event_type)                         \
  X(rd_kafka_event_error)                        \
  X(rd_kafka_event_topic_partition_list)         \
  X(rd_kafka_event_destroy)                      \
  X(rd_kafka_event_DescribeTopics_result)        \
  X(rd_kafka_DescribeTopics)                     \
  X(rd_kafka_DescribeTopics_result_topics)       \
  X(rd_kafka_TopicCollection_of_topic_names)     \
  X(rd_kafka_TopicCollection_destroy)            \
  X(rd_kafka_TopicDescription_name)              \
  X(rd_kafka_TopicDescription_topic_id)          \
  X(rd_kafka_TopicDescription_error)             \
  X(rd_kafka_Uuid_base64str)                     \
  X(rd_kafka_error_code)                         \
  X(rd_kafka_commit_queue)                       \
  X(rd_kafka_committed)                          \
  X(rd_kafka_offsets_store)                      \
  X(rd_kafka_position)                           \
  X(rd_kafka_assignment_lost)                    \
  X(rd_kafka_memberid)                           \
  X(rd_kafka_mem_free)                           \
  X(rd_kafka_default_topic_conf_dup)             \
  X(rd_kafka_topic_conf_get)                     \
  X(rd_kafka_topic_conf_destroy)                 \
  X(rd_kafka_conf_new)                           \
  X(rd_kafka_conf_set)                           \
  X(rd_kafka_conf_destroy)                       \
  X(rd_kafka_new)                                \
  X(rd_kafka_destroy)                            \
  X(rd_kafka_conf_set_events)                    \
  X(rd_kafka_set_log_queue)                      \
  X(rd_kafka_queue_get_main)                     \
  X(rd_kafka_queue_cb_event_enable)              \
  X(rd_kafka_produceva)                          \
  X(rd_kafka_error_destroy)                      \
  X(rd_kafka_headers_new)                        \
  X(rd_kafka_headers_destroy)                    \
  X(rd_kafka_header_add)                         \
  X(rd_kafka_event_message_next)                 \
  X(rd_kafka_event_error_string)                 \
  X(rd_kafka_event_log)                          \
  X(rd_kafka_message_status)                     \
  X(rd_kafka_purge)                              \
  X(rd_kafka_oauthbearer_set_token)              \
  X(rd_kafka_mock_cluster_new)                   \
  X(rd_kafka_mock_cluster_destroy)               \
  X(rd_kafka_mock_cluster_bootstraps)            \
  X(rd_kafka_mock_topic_create)                  \
  X(rd_kafka_mock_group_initial_rebalance_delay_ms) \
  X(rd_kafka_mock_push_request_errors_array)     \
  X(rd_kafka_mock_broker_set_down)               \
  X(rd_kafka_mock_broker_set_up)                 \
  X(rd_kafka_mock_broker_set_rtt)

struct Library {
#define ZK_DECLARE(name) decltype(&::name) name = nullptr;
  ZK_LIBRARY_FUNCTIONS(ZK_DECLARE)
#undef ZK_DECLARE
};

/// The table; all null until `loadLibrary` succeeded, and constant from then on (so any thread may read it).
extern Library rdkafka;

/// Finds the library at `path`, which must already be loaded into this process, and fills the table.
/// @returns an empty string, or a sentence saying why it may not be used.
std::string loadLibrary(const std::string& path);

/// Version of the headers this addon was compiled against, as librdkafka prints it.
std::string compiledLibraryVersion();

}  // namespace zk
