// The reader: one OS thread that serves a consumer's queues and packs records into blocks.
//
// Threads and locks. The main thread attaches, detaches, requests and takes; the reader thread does the rest in
// passes. `pass_` is held for a pass, `state_` for a few assignments. The main thread waits for `pass_` in detach()
// and beginSeek() only, a few milliseconds at most, and no code under `pass_` waits for the main thread: node-rdkafka's
// callbacks hand over by uv_async, its connection lock is only tried. Lock order: pass_, then state_.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "block.h"
#include "handle.h"
#include "partition.h"
#include "wake_up.h"

namespace zk {

struct ReaderEvent {
  bool isEnd = false;
  // end
  int32_t slot = -1;
  int64_t offset = 0;
  // error
  int32_t code = 0;
  bool fatal = false;
  std::string message;
  std::string topic;
  int32_t partition = -1;
};

struct Output {
  Block block;  // without data when there are events only
  std::vector<ReaderEvent> events;
};

class Reader final : private QueueEvents {
 public:
  /// `notify` is called on the reader thread whenever take() has something new.
  /// `groups`: see Batch.
  Reader(NodeKafka::Connection* connection, uint32_t groups, std::function<void()> notify);
  ~Reader() override;

  /// The methods below are for the main thread. Those that can fail return a librdkafka error code.
  /// Takes hold of the consumer's queue. Nothing is read before run().
  rd_kafka_resp_err_t open();
  void run();
  rd_kafka_resp_err_t attach(const std::string& topic, int32_t partition, int32_t slot);
  void detach(int32_t slot);
  void setPaused(int32_t slot, bool paused);
  /// Around a seek of the partition: nothing is read in between. A seek that is not announced could bring back records
  /// that look like repeated ones (see Partition::isRepeated). False: the partition is not attached.
  bool beginSeek(const std::string& topic, int32_t partition);
  void endSeek(const std::string& topic, int32_t partition);
  /// `inFlight`: by slot, records that were read and have not ended; none by default.
  void request(size_t maxRecords, uint64_t maxBytes, Room room, std::vector<int32_t> inFlight);
  bool take(Output* output);
  /// Entries in the partition's queue that were not read yet, outdated ones included.
  size_t queued(int32_t slot);
  /// The offset behind everything that was delivered from the partition, or -1 when it cannot be told just now.
  int64_t position(int32_t slot);
  void stop();

 private:
  struct Request {
    size_t maxRecords;
    uint64_t maxBytes;
    Room room;
    std::vector<int32_t> inFlight;
  };

  void loop();
  /// @returns whether take() has something new.
  bool pass();
  void serveConsumerQueue();
  bool collect(const Request& request);
  uint64_t levelOf(uint64_t records);
  void publish(Block block);
  void abandon(Partition& partition);
  void onEnd(int32_t slot, int64_t offset) override;
  void onError(rd_kafka_message_t* message) override;
  void addError(ReaderEvent event);
  static Partition* find(const std::vector<std::shared_ptr<Partition>>& in, const std::string& topic, int32_t partition);

  NodeKafka::Connection* const connection_;
  const std::function<void()> notify_;
  WakeUp wakeUp_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  bool opened_ = false;
  bool inBursts_ = false;

  std::mutex pass_;
  // Guarded by pass_.
  rd_kafka_queue_t* consumerQueue_ = nullptr;
  std::vector<std::shared_ptr<Partition>> partitions_;
  std::vector<Partition*> readable_;
  std::vector<uint64_t> loads_;
  size_t rotation_ = 0;
  Batch batch_;
  std::vector<ReaderEvent> newEvents_;
  rd_kafka_t* client_ = nullptr;  // during a pass
  uint64_t bytesRead_ = 0;        // since the last look at memory

  std::mutex state_;
  // Guarded by state_.
  std::vector<std::shared_ptr<Partition>> arrivals_;
  std::optional<Request> request_;
  Output output_;

  // Main thread only: what is attached, whether or not the reader thread took notice yet.
  std::vector<std::shared_ptr<Partition>> attached_;
};

}  // namespace zk
