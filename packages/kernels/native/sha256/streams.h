// SHA-256 of several streams of bytes, on a thread of their own. An exception on that thread would end the process, so that it
// allocates nothing: update() allocates all that a piece needs until it is taken.
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
   * `onHashed` is called on the thread after pieces were hashed; it must not throw.
   *
   * @throws std::system_error if the system starts no thread
   */
  explicit Sha256Streams(std::function<void()> onHashed);
  ~Sha256Streams();

  /** Opens a stream, which digest() or discard() ends. */
  uint32_t open();
  /** Adds bytes, which must stay until takeHashed() returns `piece`. False if there is no such stream. @throws std::bad_alloc */
  bool update(uint32_t stream, const uint8_t* bytes, size_t length, uint32_t piece);
  /** Pieces that were hashed since the last call. */
  std::vector<uint32_t> takeHashed();
  /** Ends a stream of which every piece was hashed. False if there is no such stream, or a piece is not hashed yet. */
  bool digest(uint32_t stream, Sha256Digest& out);
  /** Ends a stream without a digest. Pieces that were added to it are still hashed. */
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
    /** The beginning of a block whose other bytes are still to come. */
    uint8_t rest[kSha256BlockBytes];
    size_t restLength = 0;
    std::deque<Piece> pieces;
  };
  /** A stream, and the rest of its first piece. */
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
  /** Streams with pieces to hash, each once, in the order in which they are served. */
  std::list<std::shared_ptr<Stream>> waiting_;
  /** Hashed pieces. It has capacity for all pieces that were not taken yet. */
  std::vector<uint32_t> hashed_;
  size_t untaken_ = 0;
  std::thread thread_;
};

}  // namespace kernels
