// SPDX-License-Identifier: Apache-2.0
#include "input/tail/reader.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "input/tail/whole_file.h"

namespace tailrace::tail {
namespace {

// Fluentd reads at least so much at once, and takes less for this.
constexpr int64_t kBytesPerSecondMin = 8192;

uint64_t LongestLine(const TailParams& params) {
  if (!params.max_line_size) return kLineBytesMax;
  return std::min<uint64_t>(static_cast<uint64_t>(params.max_line_size->bytes), kLineBytesMax);
}

size_t BytesPerSecond(const TailParams& params) {
  const int64_t limit = params.read_bytes_limit_per_second.bytes;
  if (limit <= 0) return 0;
  if (limit < kBytesPerSecondMin) {
    LogWarn("Should specify greater equal than 8192. Use 8192 for read_bytes_limit_per_second");
  }
  return static_cast<size_t>(std::max(limit, kBytesPerSecondMin));
}

}  // namespace

Reader::Reader(const TailParams& params, InputRuntime& runtime, Lifecycle& lifecycle,
               LineEmitter& emitter, Transcoder transcoder)
    : params_(params),
      runtime_(runtime),
      lifecycle_(lifecycle),
      emitter_(emitter),
      transcoder_(std::move(transcoder)),
      blocks_(LineSplitter(LongestLine(params), transcoder_.newline())),
      bytes_per_second_(BytesPerSecond(params)) {}

Reader::Turn Reader::Read(Target& target, double now) {
  // By index: a truncation adds a generation.
  for (size_t i = 0; i < target.generations.size(); ++i) {
    Generation& generation = *target.generations[i];
    if (generation.gone || generation.at_end) continue;
    const Turn turn = ReadGeneration(target, generation, now);
    if (turn.kind != Turn::kDone) return turn;
  }
  return {Turn::kDone};
}

Reader::Limits Reader::LimitsOf(Target& target, double now) const {
  Limits limits{target.share.Allowed(now), std::numeric_limits<size_t>::max(), 0};
  if (limits.lines == 0) limits.until = target.share.free_at();
  if (bytes_per_second_ > 0) {
    if (now - target.second >= 1) {
      target.second = now;
      target.bytes = 0;
    }
    limits.bytes = bytes_per_second_ - std::min<uint64_t>(bytes_per_second_, target.bytes);
    if (limits.bytes == 0) limits.until = std::max(limits.until, target.second + 1);
  }
  return limits;
}

Reader::Turn Reader::ReadGeneration(Target& target, Generation& generation, double now) {
  if (!lifecycle_.Open(target, generation)) {
    generation.at_end = true;
    return {Turn::kDone};
  }
  const size_t generations = target.generations.size();
  switch (lifecycle_.Identify(target, generation, false, now)) {
    case Lifecycle::Identified::kYes:
      break;
    case Lifecycle::Identified::kNotYet:
      AtEnd(target, generation);
      return {Turn::kDone};
    case Lifecycle::Identified::kTruncated:
      lifecycle_.Truncated(target, generation, now);
      return {Turn::kMore};
  }
  if (target.generations.size() > generations) return {Turn::kMore};
  if (!runtime_.emitter().Writable(*generation.tracker->origin())) return {Turn::kBlocked};
  const Limits limits = LimitsOf(target, now);
  if (limits.lines == 0 || limits.bytes == 0) {
    target.numbers->throttled.Add();
    return {Turn::kWait, limits.until};
  }

  switch (blocks_.Read(generation.file, generation.cursor, limits.bytes, limits.lines)) {
    case BlockReader::Outcome::kTruncated:
      lifecycle_.Truncated(target, generation, now);
      return {Turn::kMore};
    case BlockReader::Outcome::kFailed:
      if (!std::exchange(generation.failed, true)) {
        LogError(FileProblem("read", generation.name, blocks_.error()) +
                     "; it is tried again at the next refresh",
                 {{"path", target.path}});
      }
      generation.at_end = true;
      return {Turn::kDone};
    case BlockReader::Outcome::kNothing:
      AtEnd(target, generation);
      return {Turn::kDone};
    case BlockReader::Outcome::kMore:
      return {Turn::kMore};
    case BlockReader::Outcome::kLines:
      break;
  }
  // Between the look at the head, which made the identity, and this reading it may have been
  // truncated and written anew.
  if (generation.cursor.next == 0 && !blocks_.text().empty() &&
      !Matches(generation.head, blocks_.text())) {
    lifecycle_.Truncated(target, generation, now);
    return {Turn::kMore};
  }
  generation.failed = false;
  generation.grown = target.parsed = now;
  const uint64_t taken = blocks_.end() - generation.cursor.next;
  target.bytes += taken;
  target.numbers->read_total.Add(taken);
  if (target.share.limited()) target.share.Took(blocks_.lines().size(), now);
  const bool more = blocks_.more();
  Deliver(target, generation);
  if (!more) AtEnd(target, generation);
  return {Turn::kMore};
}

void Reader::Deliver(Target& target, Generation& generation) {
  blocks_.Accept(generation.cursor);
  generation.size = std::max(generation.size, generation.cursor.next);
  if (generation.current) {
    target.numbers->read.Set(generation.cursor.next);
    target.numbers->size.Set(generation.size);
  }
  if (blocks_.skipped().lines > 0) CountSkipped(target);
  std::span<Line> lines(blocks_.lines());
  if (lines.empty()) {
    generation.tracker->Skip(blocks_.end());
    return;
  }
  std::string converted;
  if (transcoder_.converts()) {
    std::vector<std::pair<size_t, size_t>> places;
    for (const Line& line : lines) {
      const size_t at = converted.size();
      transcoder_.Convert(line.text(), converted);
      places.emplace_back(at, converted.size() - at);
    }
    converted.append(BlockReader::kPadding, '\0');
    for (size_t i = 0; i < lines.size(); ++i) {
      lines[i].data = converted.data() + places[i].first;
      lines[i].size = static_cast<uint32_t>(places[i].second);
    }
  }
  const auto batch_lines = static_cast<size_t>(params_.read_lines_limit);
  while (!lines.empty()) {
    const std::span<Line> batch = lines.first(std::min(batch_lines, lines.size()));
    lines = lines.subspan(batch.size());
    const uint64_t end = lines.empty() ? blocks_.end() : batch.back().end;
    emitter_.Emit(target, generation, batch, generation.tracker->Open(end));
  }
}

void Reader::AtEnd(Target& target, Generation& generation) {
  generation.at_end = true;
  if (params_.open_on_every_update || lifecycle_.open_files() > open_files_max_) {
    // An older generation without a name could not be opened again.
    if (generation.current) lifecycle_.Close(target, generation);
  }
}

void Reader::CountSkipped(Target& target) {
  const LongLines& skipped = blocks_.skipped();
  target.numbers->skipped.Add(skipped.bytes);
  runtime_.CountDropped("line_too_long", skipped.lines);
  uint64_t suppressed = 0;
  if (!long_limit_.Allow(&suppressed)) return;
  LogWarn("received line length is longer than " + std::to_string(LongestLine(params_)) +
              "; it is passed over",
          {{"path", target.path},
           {"lines", skipped.lines},
           {"bytes", skipped.bytes},
           {"suppressed", suppressed}});
}

bool Reader::ReadUnfinished(Target& target, Generation& generation, double now) {
  if (!lifecycle_.Open(target, generation)) return true;
  if (generation.file.Peek(generation.cursor.next, 1).empty()) return true;
  if (lifecycle_.Identify(target, generation, true, now) != Lifecycle::Identified::kYes) {
    return true;
  }
  if (!runtime_.emitter().Writable(*generation.tracker->origin())) return false;
  if (blocks_.ReadUnfinished(generation.file, generation.cursor) == BlockReader::Outcome::kLines) {
    target.parsed = now;
    target.numbers->read_total.Add(blocks_.end() - generation.cursor.next);
    Deliver(target, generation);
  }
  return true;
}

}  // namespace tailrace::tail
