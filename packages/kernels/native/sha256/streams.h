// SHA-256 of several streams of bytes, on a thread of their own. That thread allocates nothing: an exception there would end the
// process, so that whoever adds bytes allocates what they need until they are taken.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "compress.h"

namespace kernels {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256Streams {
 public:
  /**
   * `onHashed` is called on the thread, when there is something to take; it must not throw.
   *
   * @throws std::system_error when the system gives no thread
   */
  explicit Sha256Streams(std::function<void()> onHashed);
  ~Sha256Streams();

  /** A new stream, to be closed by digest() or discard(). */
  uint32_t open();
  /** Adds bytes, which must stay until takeHashed() names `piece`. False: there is no such stream. @throws std::bad_alloc */
  bool update(uint32_t stream, const uint8_t* bytes, size_t length, uint32_t piece);
  /** Pieces that were hashed since the last call. */
  std::vector<uint32_t> takeHashed();
  /** Ends a stream, of which every piece was taken. False: there is no such stream, or a piece is under way. */
  bool digest(uint32_t stream, Sha256Digest& out);
  /** Ends a stream without a digest; what was added to it is hashed all the same. */
  void discard(uint32_t stream);

 private:
  struct Piece {
    const uint8_t* bytes;
    size_t length;
    uint32_t id;
  };
  struct Stream {
    uint32_t state[8];
    uint64_t length = 0;
    /** Of the last block, which is not whole yet. */
    uint8_t rest[kSha256BlockBytes];
    size_t restLength = 0;
    std::deque<Piece> pieces;
  };
  /** A stream and what is left of its first piece. */
  struct Lane {
    std::shared_ptr<Stream> stream;
    Piece piece;
  };

  using Lanes = std::array<Lane, kSha256Lanes>;

  void work();
  static void hashSome(Lanes& lanes, size_t count);
  static void fillRest(Lane& lane);

  const std::function<void()> onHashed_;
  std::mutex mutex_;
  std::condition_variable change_;
  bool stopping_ = false;
  uint32_t nextStream_ = 0;
  std::unordered_map<uint32_t, std::shared_ptr<Stream>> streams_;
  /** Streams with pieces to hash, each once, first come first served. */
  std::list<std::shared_ptr<Stream>> waiting_;
  /** With room for all pieces that were not taken yet. */
  std::vector<uint32_t> hashed_;
  size_t untaken_ = 0;
  std::thread thread_;
};

}  // namespace kernels
