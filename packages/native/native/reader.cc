#include "reader.h"

#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "allocator.h"
#include "library.h"
#include "thread.h"

namespace zk {

namespace {

/// How long the thread sleeps at most before it serves the consumer's queue again (max.poll.interval.ms counts from
/// there), looks whether the consumer is closing, and would recover from a wake-up that went missing.
constexpr int kIdleMs = 100;
/// Kept events. Ends are one a slot; errors beyond this drop the oldest that is not fatal.
constexpr size_t kMaxErrors = 256;

/// Whether the consumer was made with a limit for rd_kafka_consume_callback().
bool limitsCallbacks(rd_kafka_t* client) {
  auto* conf = rdkafka.rd_kafka_default_topic_conf_dup(client);
  char value[16];
  size_t size = sizeof(value);
  const auto found = rdkafka.rd_kafka_topic_conf_get(conf, "consume.callback.max.messages", value, &size);
  rdkafka.rd_kafka_topic_conf_destroy(conf);
  return found == RD_KAFKA_CONF_OK && std::string_view(value) != "0";
}

}  // namespace

Reader::Reader(NodeKafka::Connection* connection, uint32_t groups, std::function<void()> notify)
    : connection_(connection), notify_(std::move(notify)), batch_(groups) {}

Reader::~Reader() {
  stop();
  if (!output_.block.isLent()) free(output_.block.data);
}

rd_kafka_resp_err_t Reader::open() {
  Lease lease(connection_);
  if (!lease) return RD_KAFKA_RESP_ERR__STATE;
  consumerQueue_ = rdkafka.rd_kafka_queue_get_consumer(lease.client());
  if (consumerQueue_ == nullptr) return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  rdkafka.rd_kafka_queue_io_event_enable(consumerQueue_, wakeUp_.writeEnd(), "c", 1);
  inBursts_ = limitsCallbacks(lease.client());
  opened_ = true;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Reader::run() {
  if (opened_ && !thread_.joinable()) thread_ = startWithoutSignals([this] { loop(); });
}

rd_kafka_resp_err_t Reader::attach(const std::string& topic, int32_t partition, int32_t slot) {
  for (const auto& other : attached_)
    if (other->slot == slot || (other->partition == partition && other->topic == topic))
      return RD_KAFKA_RESP_ERR__CONFLICT;
  Lease lease(connection_);
  if (!lease || !opened_ || stopping_) return RD_KAFKA_RESP_ERR__STATE;
  rd_kafka_queue_t* queue = rdkafka.rd_kafka_queue_get_partition(lease.client(), topic.c_str(), partition);
  if (queue == nullptr) return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  // Marks the queue as forwarded by the application (to nobody). librdkafka forwards a partition's queue to the
  // consumer's when fetching starts only if that mark is not there, and nothing ever removes it.
  rdkafka.rd_kafka_queue_forward(queue, nullptr);
  rdkafka.rd_kafka_queue_io_event_enable(queue, wakeUp_.writeEnd(), "p", 1);
  auto added = std::make_shared<Partition>(topic, partition, slot, queue, inBursts_);
  attached_.push_back(added);
  {
    std::lock_guard state(state_);
    arrivals_.push_back(std::move(added));
  }
  // The queue may hold records already, for which no byte will be written any more.
  wakeUp_.wake();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Reader::detach(int32_t slot) {
  const auto found = std::find_if(attached_.begin(), attached_.end(), [&](auto& p) { return p->slot == slot; });
  if (found == attached_.end()) return;
  const auto gone = *found;
  attached_.erase(found);
  gone->paused = true;

  // Waits for the pass in progress: its block, which may hold records of this slot, is there when this returns.
  std::lock_guard pass(pass_);
  std::erase(partitions_, gone);
  {
    std::lock_guard state(state_);
    std::erase(arrivals_, gone);
  }
  Lease lease(connection_);
  if (lease)
    gone->release();
  else
    abandon(*gone);
}

void Reader::setPaused(int32_t slot, bool paused) {
  for (const auto& partition : attached_) {
    if (partition->slot != slot) continue;
    partition->paused = paused;
    if (!paused) wakeUp_.wake();
  }
}

bool Reader::beginSeek(const std::string& topic, int32_t partition) {
  Partition* found = find(attached_, topic, partition);
  if (found == nullptr) return false;
  std::lock_guard pass(pass_);
  Lease lease(connection_);
  if (!lease) return false;
  found->seeks++;
  found->forget();
  return true;
}

void Reader::endSeek(const std::string& topic, int32_t partition) {
  Partition* found = find(attached_, topic, partition);
  if (found == nullptr || found->seeks == 0) return;
  found->seeks--;
  wakeUp_.wake();
}

void Reader::request(size_t maxRecords, uint64_t maxBytes, Room room, std::vector<int32_t> inFlight) {
  {
    std::lock_guard state(state_);
    request_ = Request{maxRecords, maxBytes, std::move(room), std::move(inFlight)};
  }
  wakeUp_.wake();
}

bool Reader::take(Output* output) {
  bool armed;
  {
    std::lock_guard state(state_);
    if (output_.block.data == nullptr && output_.events.empty()) return false;
    *output = std::move(output_);
    output_ = Output{};
    armed = request_.has_value();
  }
  // A request that came before this take had to wait for it.
  if (armed) wakeUp_.wake();
  return true;
}

size_t Reader::queued(int32_t slot) {
  Lease lease(connection_);
  if (!lease) return 0;
  for (const auto& partition : attached_)
    if (partition->slot == slot) return partition->queued();
  return 0;
}

int64_t Reader::position(int32_t slot) {
  const auto found = std::find_if(attached_.begin(), attached_.end(), [&](auto& p) { return p->slot == slot; });
  if (found == attached_.end()) return -1;
  // During a pass, records move from the queue to the block, and librdkafka's position is ahead of what was delivered.
  std::unique_lock pass(pass_, std::try_to_lock);
  if (!pass || (*found)->holds()) return -1;
  {
    std::lock_guard state(state_);
    if (output_.block.data != nullptr) return -1;
  }
  Lease lease(connection_);
  if (!lease) return -1;
  auto* list = rdkafka.rd_kafka_topic_partition_list_new(1);
  rdkafka.rd_kafka_topic_partition_list_add(list, (*found)->topic.c_str(), (*found)->partition);
  rdkafka.rd_kafka_position(lease.client(), list);
  const int64_t offset = list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].offset : -1;
  rdkafka.rd_kafka_topic_partition_list_destroy(list);
  return offset;
}

void Reader::stop() {
  if (!opened_) return;
  opened_ = false;
  stopping_ = true;
  wakeUp_.wake();
  if (thread_.joinable()) thread_.join();

  Lease lease(connection_);
  if (lease) {
    for (const auto& partition : attached_) partition->release();
    rdkafka.rd_kafka_queue_io_event_enable(consumerQueue_, -1, nullptr, 0);
    rdkafka.rd_kafka_queue_destroy(consumerQueue_);
  } else {
    // Closed behind our back: the handle may be gone. Leaking what belongs to it is safe, touching it is not. Its queues
    // have the descriptor of the wake-up still.
    wakeUp_.abandon();
    for (const auto& partition : attached_) partition->abandon();
  }
  consumerQueue_ = nullptr;
  attached_.clear();
  partitions_.clear();
  arrivals_.clear();
}

void Reader::abandon(Partition& partition) {
  partition.abandon();
  wakeUp_.abandon();
}

void Reader::loop() {
#ifdef __linux__
  pthread_setname_np(pthread_self(), "zk-reader");
#endif
  while (!stopping_) {
    // After the pass, so that whoever is notified finds its lock free.
    if (pass()) notify_();
    tuneAllocator(std::exchange(bytesRead_, 0));
    if (!stopping_) wakeUp_.wait(kIdleMs);
  }
}

bool Reader::pass() {
  std::lock_guard pass(pass_);
  Lease lease(connection_);
  if (!lease) return false;
  client_ = lease.client();

  std::optional<Request> request;
  {
    std::lock_guard state(state_);
    partitions_.insert(partitions_.end(), arrivals_.begin(), arrivals_.end());
    arrivals_.clear();
    // Taken up: a request made from here on is the next one.
    if (output_.block.data == nullptr) request_.swap(request);
  }
  serveConsumerQueue();
  const bool collected = request && collect(*request);
  if (request && !collected) {
    std::lock_guard state(state_);
    if (!request_) request_.swap(request);
  }
  client_ = nullptr;
  if (!collected && newEvents_.empty()) return false;
  bytesRead_ += batch_.bytes();
  publish(collected ? batch_.pack(std::move(request->room)) : Block{});
  return true;
}

/// Rebalances, commits, statistics and errors: librdkafka calls node-rdkafka's callbacks from here, which only note
/// what happened for the main thread. Never limited by requests.
void Reader::serveConsumerQueue() {
  while (rd_kafka_message_t* message = rdkafka.rd_kafka_consume_queue(consumerQueue_, 0)) {
    Partition* partition = nullptr;
    if (message->rkt != nullptr)
      partition = find(partitions_, rdkafka.rd_kafka_topic_name(message->rkt), message->partition);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      // Only records that were fetched before attach() can be here: librdkafka moves fetched records under the lock of
      // the partition's queue, and attach() cut the forwarding under that lock. They are older than all that is in the
      // partition's own queue, which is not read before this queue is empty.
      if (partition != nullptr) {
        partition->hold(message);
      } else {
        ReaderEvent event;
        event.code = RD_KAFKA_RESP_ERR__STATE;
        event.topic = rdkafka.rd_kafka_topic_name(message->rkt);
        event.partition = message->partition;
        event.message = "a record arrived from a partition that is assigned but not attached, and was dropped";
        addError(std::move(event));
      }
    } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      onError(message);
    } else if (partition != nullptr) {
      onEnd(partition->slot, message->offset);
    }
    rdkafka.rd_kafka_message_destroy(message);
  }
}

/// Fills the batch from all readable queues, in rounds, so that the partitions come to have the same number of records in
/// flight: one whose records end sooner is read more. Of the bytes each gets an equal share. What one does not use is shared by
/// the others in the next round. The queue to begin with rotates.
bool Reader::collect(const Request& request) {
  readable_.clear();
  const size_t n = partitions_.size();
  if (n == 0) return false;
  rotation_ = (rotation_ + 1) % n;
  const size_t blockSize = request.room.data != nullptr ? request.room.capacity : SIZE_MAX;
  batch_.limitTo(blockSize);
  const uint64_t maxBytes = std::min<uint64_t>(request.maxBytes, blockSize);
  for (size_t i = 0; i < n; i++) {
    Partition* partition = partitions_[(rotation_ + i) % n].get();
    if (partition->paused || partition->seeks != 0 || !partition->hasRecords()) continue;
    const auto slot = static_cast<size_t>(partition->slot);
    partition->load = slot < request.inFlight.size() ? std::max(0, request.inFlight[slot]) : 0;
    readable_.push_back(partition);
  }
  while (!readable_.empty() && batch_.count() < request.maxRecords && batch_.bytes() < maxBytes) {
    const uint64_t level = levelOf(request.maxRecords - batch_.count());
    const uint64_t byteShare = std::max<uint64_t>(1, (maxBytes - batch_.bytes()) / readable_.size());
    size_t kept = 0;
    for (Partition* partition : readable_) {
      const size_t before = batch_.count();
      const size_t records = std::min<size_t>(level - std::min(level, partition->load), request.maxRecords - before);
      if (records == 0 || partition->take(batch_, records, byteShare, request.maxBytes, *this))
        readable_[kept++] = partition;
      partition->load += batch_.count() - before;
    }
    readable_.resize(kept);
  }
  return batch_.count() > 0;
}

/// Up to how many records in flight the readable partitions that have fewer are filled by so many more, as vessels by water;
/// always more than the least of them has.
uint64_t Reader::levelOf(uint64_t records) {
  loads_.clear();
  for (const Partition* partition : readable_) loads_.push_back(partition->load);
  std::ranges::sort(loads_);
  uint64_t sum = records;
  for (size_t filled = 1;; filled++) {
    sum += loads_[filled - 1];
    if (filled == loads_.size() || sum <= loads_[filled] * filled) return (sum + filled - 1) / filled;
  }
}

void Reader::publish(Block block) {
  std::lock_guard state(state_);
  if (block.data != nullptr) output_.block = std::move(block);
  for (auto& event : newEvents_) {
    auto& events = output_.events;
    // One end a slot, and a bounded number of errors, however long nobody takes them.
    if (event.isEnd)
      std::erase_if(events, [&](auto& other) { return other.isEnd && other.slot == event.slot; });
    else if (events.size() >= kMaxErrors)
      if (auto old = std::find_if(events.begin(), events.end(), [](auto& e) { return !e.isEnd && !e.fatal; });
          old != events.end())
        events.erase(old);
    events.push_back(std::move(event));
  }
  newEvents_.clear();
}

void Reader::onEnd(int32_t slot, int64_t offset) {
  ReaderEvent event;
  event.isEnd = true;
  event.slot = slot;
  event.offset = offset;
  newEvents_.push_back(std::move(event));
}

void Reader::onError(rd_kafka_message_t* message) {
  ReaderEvent event;
  event.code = message->err;
  if (message->rkt != nullptr) {
    event.topic = rdkafka.rd_kafka_topic_name(message->rkt);
    event.partition = message->partition;
  }
  const char* text = rdkafka.rd_kafka_message_errstr(message);
  event.message = text ? text : rdkafka.rd_kafka_err2str(message->err);
  if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
    // "Fatal" only says where to look: the code that matters (a fenced member, say) is kept by the client.
    char reason[512];
    const auto cause = rdkafka.rd_kafka_fatal_error(client_, reason, sizeof(reason));
    event.fatal = true;
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
      event.code = cause;
      event.message = reason;
    }
  }
  addError(std::move(event));
}

void Reader::addError(ReaderEvent event) {
  if (newEvents_.size() < kMaxErrors || event.fatal) newEvents_.push_back(std::move(event));
}

Partition* Reader::find(const std::vector<std::shared_ptr<Partition>>& in, const std::string& topic, int32_t partition) {
  for (const auto& candidate : in)
    if (candidate->partition == partition && candidate->topic == topic) return candidate.get();
  return nullptr;
}

}  // namespace zk
