#include "streams.h"

#include <string.h>

#include <algorithm>
#include <span>
#include <utility>

#include "../addon/signals-blocked.h"

namespace kernels {
namespace {

/** Blocks that are hashed before another stream may join: a fraction of a millisecond. */
constexpr size_t kTurnBlocks = 4096;

constexpr uint32_t kInitialState[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void bigEndian(uint8_t* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

}  // namespace

Sha256Streams::Sha256Streams(std::function<void()> onHashed) : onHashed_(std::move(onHashed)) {
  [[maybe_unused]] const SignalsBlocked blocked;
  thread_ = std::thread([this] { work(); });
}

Sha256Streams::~Sha256Streams() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  change_.notify_one();
  thread_.join();
}

uint32_t Sha256Streams::open() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto stream = std::make_shared<Stream>();
  memcpy(stream->state, kInitialState, sizeof kInitialState);
  streams_.emplace(nextStream_, stream);
  return nextStream_++;
}

bool Sha256Streams::update(uint32_t id, const uint8_t* bytes, size_t length, uint32_t piece) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = streams_.find(id);
    if (found == streams_.end()) return false;
    const std::shared_ptr<Stream>& stream = found->second;
    std::list<std::shared_ptr<Stream>> place(1, stream);
    if (hashed_.capacity() < untaken_ + 1) hashed_.reserve(2 * (untaken_ + 1));
    stream->pieces.push_back({bytes, length, piece});
    untaken_++;
    if (stream->pieces.size() > 1) return true;
    waiting_.splice(waiting_.end(), place);
  }
  change_.notify_one();
  return true;
}

std::vector<uint32_t> Sha256Streams::takeHashed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<uint32_t> next;
  next.reserve(untaken_ - hashed_.size());
  untaken_ -= hashed_.size();
  return std::exchange(hashed_, std::move(next));
}

bool Sha256Streams::digest(uint32_t id, Sha256Digest& out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end() || !found->second->pieces.empty()) return false;
  Stream& stream = *found->second;
  // A one bit, zeros, and the length in bits end the message, in one block or two.
  uint8_t end[2 * kSha256BlockBytes] = {0};
  memcpy(end, stream.rest, stream.restLength);
  end[stream.restLength] = 0x80;
  const size_t blocks = stream.restLength + 1 + 8 <= kSha256BlockBytes ? 1 : 2;
  bigEndian(end + blocks * kSha256BlockBytes - 8, 8 * stream.length, 8);
  uint32_t* const states[] = {stream.state};
  const uint8_t* const data[] = {end};
  compressSha256(states, data, blocks, 1);
  for (int i = 0; i < 8; i++) bigEndian(out.data() + 4 * i, stream.state[i], 4);
  streams_.erase(found);
  return true;
}

void Sha256Streams::discard(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(id);
}

void Sha256Streams::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    change_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Lanes lanes;
    size_t count = 0;
    std::list<std::shared_ptr<Stream>> places;
    while (count < lanes.size() && !waiting_.empty()) {
      const std::shared_ptr<Stream>& stream = waiting_.front();
      lanes[count++] = {stream, stream->pieces.front()};
      places.splice(places.end(), waiting_, waiting_.begin());
    }
    lock.unlock();
    hashSome(lanes, count);
    lock.lock();
    bool isAnyDone = false;
    for (size_t i = 0; i < count; i++) {
      const auto& [stream, piece] = lanes[i];
      stream->pieces.front() = piece;
      if (piece.length == 0) {
        hashed_.push_back(piece.id);
        stream->pieces.pop_front();
        isAnyDone = true;
      }
      if (stream->pieces.empty()) places.pop_front();
      else waiting_.splice(waiting_.end(), places, places.begin());
    }
    if (!isAnyDone) continue;
    lock.unlock();
    onHashed_();
    lock.lock();
  }
}

/** Hashes as many blocks of each piece as the shortest piece has, at most kTurnBlocks; pieces of less than a block are finished. */
void Sha256Streams::hashSome(Lanes& all, size_t count) {
  const std::span<Lane> lanes(all.data(), count);
  uint32_t* states[kSha256Lanes];
  const uint8_t* data[kSha256Lanes];
  size_t blocks = kTurnBlocks;
  int n = 0;
  for (Lane& lane : lanes) {
    fillRest(lane);
    if (lane.piece.length < kSha256BlockBytes) continue;
    states[n] = lane.stream->state;
    data[n] = lane.piece.bytes;
    blocks = std::min(blocks, lane.piece.length / kSha256BlockBytes);
    n++;
  }
  if (n == 0) return;
  compressSha256(states, data, blocks, n);
  for (Lane& lane : lanes) {
    if (lane.piece.length < kSha256BlockBytes) continue;
    lane.piece.bytes += blocks * kSha256BlockBytes;
    lane.piece.length -= blocks * kSha256BlockBytes;
    lane.stream->length += blocks * kSha256BlockBytes;
    fillRest(lane);
  }
}

/** Takes the bytes that complete a block already begun, or, if less than a block is left, all of them. */
void Sha256Streams::fillRest(Lane& lane) {
  auto& [stream, piece] = lane;
  if (stream->restLength == 0 && piece.length >= kSha256BlockBytes) return;
  const size_t taken = std::min(kSha256BlockBytes - stream->restLength, piece.length);
  if (taken > 0) memcpy(stream->rest + stream->restLength, piece.bytes, taken);
  piece.bytes += taken;
  piece.length -= taken;
  stream->length += taken;
  stream->restLength += taken;
  if (stream->restLength < kSha256BlockBytes) return;
  uint32_t* const states[] = {stream->state};
  const uint8_t* const data[] = {stream->rest};
  compressSha256(states, data, 1, 1);
  stream->restLength = 0;
  // Again less than a block may be left.
  if (piece.length < kSha256BlockBytes) fillRest(lane);
}

}  // namespace kernels
