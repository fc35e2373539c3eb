// SPDX-License-Identifier: Apache-2.0
#include "input/tail/tail_input.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "input/tail/reader.h"
#include "input/tail/targets.h"
#include "input/tail/turns.h"
#include "tailrace/define_plugin.h"
#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

namespace asio = boost::asio;
using asio::steady_timer;
using ErrorCode = boost::system::error_code;

// Positions are written so long after they have moved.
constexpr double kCommitSeconds = 0.2;
// A full pipeline is asked again.
constexpr double kBlockedSeconds = 0.05;
// Older generations are looked at while there are any.
constexpr double kLingerSeconds = 0.5;
// Files without notices of changes.
constexpr double kPollSeconds = 1;
// Notices are taken in bundles.
constexpr double kNoticeSeconds = 0.02;
// From a changed directory to the list of files made anew; and no more of the time than a tenth.
constexpr double kRescanSeconds = 0.1;
constexpr double kRescanShare = 10;
// An unfinished event whose end does not come, where multiline_flush_interval is not set.
constexpr double kHeldSeconds = 60;

// Raises the limit on open files as far as it goes; returns how many log files may be open.
size_t OpenFilesMax(int workers) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const size_t all = std::min<rlim_t>(limit.rlim_cur, 1u << 20);
  return std::max<size_t>(16, all * 3 / 4 / static_cast<size_t>(workers));
}

}  // namespace

// A started instance. Handlers hold it weakly: it may go while some are still queued.
class TailInput::Running : public std::enable_shared_from_this<Running> {
 public:
  Running(const TailParams& params, const Parts& parts, InputRuntime& runtime,
          std::shared_ptr<TailStore> store, Discovery discovery, std::optional<GroupLimits> limits,
          Transcoder transcoder);

  void Start();
  void Stop();
  void Close();
  // Stops without emitting or writing anything.
  void Abandon();

 private:
  // A timer that is either idle or waiting to call one thing.
  struct Tick {
    explicit Tick(asio::io_context& loop) : timer(loop) {}
    steady_timer timer;
    bool armed = false;
  };

  void Arm(Tick& tick, double seconds, void (Running::*call)());
  void Readable(Target& target);
  void Linger(Target& target);
  void Moved(Target& target);

  void Pump();
  void PumpLater();
  void ReleaseHeldBack();
  void Commit();
  void TendOlder();
  void TendOlder(Target& target, double now);
  void FlushHeld();
  void Poll();
  void Refresh();
  void Rescan();
  void CompactPositions();
  void WaitForNotices();
  void TakeNotices();

  const TailParams& params_;
  const Parts& parts_;
  InputRuntime& runtime_;
  std::shared_ptr<TailStore> store_;
  FileNumbersList numbers_;
  Lifecycle lifecycle_;
  LineEmitter emitter_;
  Reader reader_;
  Watcher watcher_;
  Targets targets_;
  Turns turns_;
  std::vector<Target*> moved_;    // a position has moved
  std::vector<Target*> lingers_;  // has older generations, or none at its path
  std::vector<Target*> holding_;  // the stream holds an unfinished event

  asio::posix::stream_descriptor notices_;
  Tick blocked_, commit_, linger_, flush_, poll_, refresh_, rescan_, compact_, notice_;
  double hold_seconds_ = kHeldSeconds;
  double rescan_took_ = 0;
  bool pumping_ = false;
  bool stopped_ = false;
};

TailInput::Running::Running(const TailParams& params, const Parts& parts, InputRuntime& runtime,
                            std::shared_ptr<TailStore> store, Discovery discovery,
                            std::optional<GroupLimits> limits, Transcoder transcoder)
    : params_(params),
      parts_(parts),
      runtime_(runtime),
      store_(std::move(store)),
      numbers_(parts.id),
      lifecycle_(params_, store_, runtime, {parts.node, [this](Target& target) { Moved(target); }}),
      emitter_(runtime, {params.path_key.value_or(""), params.emit_unmatched_lines, parts.clock}),
      reader_(params_, runtime, lifecycle_, emitter_, std::move(transcoder)),
      watcher_(params.enable_stat_watcher),
      targets_({params_, *parts.parser, parts.worker, parts.workers, parts.clock,
                [this](Target& target) { Readable(target); }},
               std::move(discovery), std::move(limits), *store_, lifecycle_, watcher_, numbers_),
      notices_(runtime.loop()),
      blocked_(runtime.loop()),
      commit_(runtime.loop()),
      linger_(runtime.loop()),
      flush_(runtime.loop()),
      poll_(runtime.loop()),
      refresh_(runtime.loop()),
      rescan_(runtime.loop()),
      compact_(runtime.loop()),
      notice_(runtime.loop()) {
  if (params.multiline_flush_interval) hold_seconds_ = params.multiline_flush_interval->value;
}

void TailInput::Running::Arm(Tick& tick, double seconds, void (Running::*call)()) {
  // After Stop() positions still move.
  if (tick.armed || (stopped_ && &tick != &commit_)) return;
  tick.armed = true;
  tick.timer.expires_after(
      std::chrono::duration_cast<steady_timer::duration>(std::chrono::duration<double>(seconds)));
  tick.timer.async_wait([weak = weak_from_this(), &tick, call](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!self || error) return;
    tick.armed = false;
    if (!self->stopped_ || &tick == &self->commit_) ((*self).*call)();
  });
}

void TailInput::Running::Start() {
  reader_.set_open_files_max(OpenFilesMax(parts_.workers));
  if (watcher_.descriptor() >= 0) {
    notices_.assign(watcher_.descriptor());
    WaitForNotices();
  }
  if (!params_.skip_refresh_on_startup) {
    targets_.Refresh(SteadySeconds());
  }
  Arm(refresh_, params_.refresh_interval.value, &Running::Refresh);
  if (params_.enable_watch_timer) Arm(poll_, kPollSeconds, &Running::Poll);
  if (params_.pos_file_compaction_interval) {
    Arm(compact_, params_.pos_file_compaction_interval->value, &Running::CompactPositions);
  }
}

// --- Reading ---

void TailInput::Running::Readable(Target& target) {
  if (stopped_) return;
  if (target.current() == nullptr || target.generations.size() > 1) Linger(target);
  turns_.Queue(target);
  PumpLater();
}

void TailInput::Running::PumpLater() {
  if (pumping_ || stopped_) return;
  pumping_ = true;
  asio::post(runtime_.loop(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->pumping_ = false;
      self->Pump();
    }
  });
}

void TailInput::Running::Pump() {
  Target* target = stopped_ ? nullptr : turns_.Next();
  if (target == nullptr) return;
  const Reader::Turn turn = reader_.Read(*target, SteadySeconds());
  if (target->stream->holding() && !target->holding) {
    target->holding = true;
    holding_.push_back(target);
    Arm(flush_, hold_seconds_, &Running::FlushHeld);
  }
  if (target->current() == nullptr || target->generations.size() > 1) Linger(*target);
  switch (turn.kind) {
    case Reader::Turn::kMore:
      turns_.Queue(*target);
      break;
    case Reader::Turn::kBlocked:
    case Reader::Turn::kWait:
      turns_.HoldBack(*target, turn.until);
      Arm(blocked_, kBlockedSeconds, &Running::ReleaseHeldBack);
      break;
    case Reader::Turn::kDone:
      break;
  }
  if (turns_.ready()) PumpLater();
}

void TailInput::Running::ReleaseHeldBack() {
  turns_.Release(SteadySeconds());
  if (turns_.held_back()) Arm(blocked_, kBlockedSeconds, &Running::ReleaseHeldBack);
  if (turns_.ready()) PumpLater();
}

void TailInput::Running::FlushHeld() {
  const double now = SteadySeconds();
  double next = hold_seconds_;
  std::erase_if(holding_, [&](Target* target) {
    const double left = target->parsed + hold_seconds_ - now;
    if (target->stream->holding() && left > 0) {
      next = std::min(next, left);
      return false;
    }
    target->holding = false;
    emitter_.Flush(*target);
    return true;
  });
  if (!holding_.empty()) Arm(flush_, std::max(next, 0.01), &Running::FlushHeld);
}

// --- Positions ---

void TailInput::Running::Moved(Target& target) {
  if (target.moved) return;
  target.moved = true;
  moved_.push_back(&target);
  Arm(commit_, kCommitSeconds, &Running::Commit);
}

void TailInput::Running::Commit() {
  const double now = SteadySeconds();
  std::vector<Target*> failed;
  for (Target* target : std::exchange(moved_, {})) {
    target->moved = false;
    for (const auto& generation : target->generations) {
      if (!generation->dirty) continue;
      lifecycle_.Commit(*target, *generation, false, now);
      if (generation->dirty) failed.push_back(target);
    }
  }
  static_cast<void>(store_->Flush());
  for (Target* target : failed) Moved(*target);
}

void TailInput::Running::CompactPositions() {
  if (auto compacted = store_->CompactPositions(); !compacted) {
    LogWarn("pos_file cannot be compacted; it is tried again",
            {{"error", compacted.error().message}});
  }
  Arm(compact_, params_.pos_file_compaction_interval->value, &Running::CompactPositions);
}

// --- Older generations ---

void TailInput::Running::Linger(Target& target) {
  if (target.lingers) return;
  target.lingers = true;
  lingers_.push_back(&target);
  Arm(linger_, kLingerSeconds, &Running::TendOlder);
}

void TailInput::Running::TendOlder() {
  const double now = SteadySeconds();
  for (Target* target : std::exchange(lingers_, {})) {
    target->lingers = false;
    TendOlder(*target, now);
    if (target->generations.empty()) {
      turns_.Remove(*target);
      std::erase(moved_, target);
      std::erase(holding_, target);
      std::erase(lingers_, target);  // looking at it may have listed it anew
      targets_.Drop(*target);
    } else if (target->current() == nullptr || target->generations.size() > 1) {
      Linger(*target);
    }
  }
}

void TailInput::Running::TendOlder(Target& target, double now) {
  if (target.current() == nullptr) targets_.Look(target, now);
  uint64_t waiting = 0;
  bool all_read = true;
  std::vector<Generation*> older;
  for (const auto& generation : target.generations) {
    if (!generation->current) older.push_back(generation.get());
  }
  for (Generation* generation : older) {
    if (!generation->gzip && generation->file.is_open()) {
      if (const auto status = generation->file.Stat(); status && status->size > generation->size) {
        generation->size = status->size;
        generation->at_end = false;
      }
    }
    if (!generation->gone && !generation->at_end) {
      all_read = false;
      turns_.Queue(target);
      PumpLater();
    }
    waiting +=
        std::max(generation->size, generation->cursor.next) - generation->tracker->position();
    if (!all_read || !lifecycle_.Finished(*generation, now)) continue;
    // What the writer did not end with a newline will not be ended any more.
    if (!generation->gone && !reader_.ReadUnfinished(target, *generation, now)) continue;
    if (generation->settled()) lifecycle_.LetGo(target, *generation);
  }
  target.numbers->older.Set(waiting);
  // The last of the path: nobody will bring the end of what the stream holds.
  const bool last = target.current() == nullptr && all_read;
  if (last && now - target.parsed >= params_.rotate_wait.value) emitter_.Flush(target);
}

// --- Changes ---

void TailInput::Running::WaitForNotices() {
  notices_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const ErrorCode& error) {
                        const auto self = weak.lock();
                        if (!self || error || self->stopped_) return;
                        self->TakeNotices();
                        self->Arm(self->notice_, kNoticeSeconds, &Running::WaitForNotices);
                      });
}

void TailInput::Running::TakeNotices() {
  const double now = SteadySeconds();
  bool list = false;
  watcher_.Drain({[&](Target& target) {
                    Generation* current = target.current();
                    if (current == nullptr) {
                      targets_.Look(target, now);
                    } else {
                      current->at_end = false;
                      Readable(target);
                    }
                  },
                  [&](Target& target) { targets_.Look(target, now); }, [&] { list = true; },
                  [&] {
                    LogInfo("notices of file changes were lost; all files are looked at");
                    list = true;
                  }});
  if (list) {
    Arm(rescan_, std::max(kRescanSeconds, rescan_took_ * kRescanShare), &Running::Rescan);
  }
}

void TailInput::Running::Rescan() {
  const double begin = SteadySeconds();
  targets_.Refresh(begin);
  rescan_took_ = SteadySeconds() - begin;
}

void TailInput::Running::Refresh() {
  Rescan();
  Arm(refresh_, params_.refresh_interval.value, &Running::Refresh);
}

void TailInput::Running::Poll() {
  if (watcher_.descriptor() < 0 || watcher_.polling()) targets_.Poll(SteadySeconds());
  // Where everything is watched the timer rests until the next refresh.
  Arm(poll_,
      watcher_.descriptor() < 0 || watcher_.polling() ? kPollSeconds
                                                      : params_.refresh_interval.value,
      &Running::Poll);
}

// --- End ---

void TailInput::Running::Abandon() {
  if (std::exchange(stopped_, true)) return;
  for (Tick* tick :
       {&blocked_, &linger_, &flush_, &poll_, &refresh_, &rescan_, &compact_, &notice_}) {
    tick->timer.cancel();
  }
  if (notices_.is_open()) notices_.release();
}

void TailInput::Running::Stop() {
  if (stopped_) return;
  Abandon();
  for (const auto& [path, target] : targets_.all()) emitter_.Flush(*target);
}

void TailInput::Running::Close() {
  commit_.timer.cancel();
  const double now = SteadySeconds();
  for (const auto& [path, target] : targets_.all()) {
    for (const auto& generation : target->generations) {
      lifecycle_.Commit(*target, *generation, true, now);
    }
  }
  if (auto flushed = store_->Flush(); !flushed) {
    LogError("the state of tail cannot be written", {{"error", flushed.error().message}});
  }
}

// --- The plugin ---

TailInput::TailInput(TailParams params, Parts parts)
    : params_(std::move(params)), parts_(std::move(parts)) {}

TailInput::TailInput(TailParams params, PluginEnv& env) : params_(std::move(params)) {
  parts_.id = env.id();
  parts_.node = env.hostname();
  parts_.worker = env.worker();
  parts_.workers = env.workers();
  parts_.clock = env.clock();
  if (params_.parse.empty()) return;  // reported by the schema
  parts_.parser = env.MakeParser(*params_.parse.front());
  const auto where = [&](std::string_view key, const Error& error) {
    env.Problem(env.element(), key, error.message);
  };
  if (auto discovery = Discovery::Create(params_); !discovery) where("path", discovery.error());
  if (params_.group) {
    if (auto limits = GroupLimits::Create(*params_.group); !limits) where("group", limits.error());
  }
  auto transcoder =
      Transcoder::Create(params_.from_encoding.value_or(""), params_.encoding.value_or(""));
  if (!transcoder) where("encoding", transcoder.error());
}

TailInput::~TailInput() {
  // Without the rest of Stop(): as after a kill.
  if (running_) running_->Abandon();
}

Status TailInput::Start(InputRuntime& runtime) {
  auto discovery = Discovery::Create(params_);
  if (!discovery) return tl::unexpected<Error>(discovery.error());
  std::optional<GroupLimits> limits;
  if (params_.group) {
    auto made = GroupLimits::Create(*params_.group);
    if (!made) return tl::unexpected<Error>(made.error());
    limits = std::move(*made);
  }
  auto transcoder =
      Transcoder::Create(params_.from_encoding.value_or(""), params_.encoding.value_or(""));
  if (!transcoder) return tl::unexpected<Error>(transcoder.error());
  if (!params_.pos_file && parts_.worker == 0) {
    LogWarn("'pos_file PATH' parameter is not set to a 'tail' source.");
    LogWarn("this parameter is highly recommended to save the position to resume tailing.");
  }
  auto store = TailStore::Acquire(params_.pos_file.value_or(""), parts_.id, params_.follow_inodes);
  if (!store) return tl::unexpected<Error>(store.error());
  running_ =
      std::make_shared<Running>(params_, parts_, runtime, std::move(*store), std::move(*discovery),
                                std::move(limits), std::move(*transcoder));
  running_->Start();
  return {};
}

void TailInput::Stop() {
  if (running_) running_->Stop();
}

void TailInput::Close() {
  if (running_) running_->Close();
}

}  // namespace tailrace::tail

namespace tailrace {

PluginEntry TailInputPlugin() {
  return DefinePlugin<tail::TailInput>(
      PluginKind::kInput, "tail",
      "Reads log files as they grow, across rotations and restarts, without loss and without "
      "duplicates.");
}

}  // namespace tailrace
