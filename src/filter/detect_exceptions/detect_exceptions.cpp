// SPDX-License-Identifier: Apache-2.0
// <match> @type detect_exceptions joins the lines of stack traces into one event, as
// fluent-plugin-detect-exceptions does; <filter> @type detect_exceptions does the same in place.

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "event/retagger.h"
#include "event/value.h"
#include "filter/detect_exceptions/trace_rules.h"
#include "filter/event_group.h"
#include "tailrace/define_plugin.h"
#include "tailrace/steady_clock.h"

namespace tailrace {
namespace {

struct DetectParams {
  std::string message;
  std::optional<Seconds> multiline_flush_interval;
  std::vector<std::string> languages;
  bool force_line_breaks = false;
  int max_lines = 1000;
  int max_bytes = 0;
  std::string stream;

  static const Schema<DetectParams>& schema() {
    using P = DetectParams;
    static const auto s =
        Schema<P>()
            .Param("message", &P::message, "Field with the line; empty: message or log.")
            .Param("multiline_flush_interval", &P::multiline_flush_interval,
                   "Lets a trace go that is this old; without it only another line ends it.",
                   {.min = 0})
            .Param("languages", &P::languages,
                   "java, javascript, csharp, python, php, go, ruby, dart; without it all.")
            .Param("force_line_breaks", &P::force_line_breaks,
                   "Puts a line break before lines that have none.")
            .Param("max_lines", &P::max_lines, "Lines of a trace at most; 0: no limit.", {.min = 0})
            .Param("max_bytes", &P::max_bytes, "Bytes of a trace at most; 0: no limit.", {.min = 0})
            .Param("stream", &P::stream, "Field that tells streams of one tag apart.");
    return s;
  }
};

// What both forms do: lines in, lines and whole traces out.
class TraceJoiner {
 public:
  TraceJoiner(DetectParams params, PluginEnv& env) : params_(std::move(params)) {
    auto rules = TraceRules::Create(params_.languages);
    if (rules) {
      rules_.emplace(std::move(*rules));
    } else {
      env.Problem(env.element(), "languages", rules.error().message);
    }
  }

  // Replaces the rows of the batch by what can go on now.
  void Join(Batch& batch, EventContext& context) {
    out_.clear();
    now_ns_ = SteadyNanos();
    const size_t count = batch.rows().size();
    for (size_t i = 0; i < count; ++i) {
      const Row row = batch.rows()[i];
      if (row.dropped) {
        out_.push_back(row);
      } else {
        Take(batch, row, context);
      }
    }
    batch.rows().swap(out_);
    for (Stream* stream : touched_) stream->group.Settle(batch);
    touched_.clear();
  }

  double tick_interval() const {
    if (!params_.multiline_flush_interval) return 0;
    return std::max(1.0, params_.multiline_flush_interval->value * 0.1);
  }

  // Calls emit(batch) for each trace that is old (`all`: for each).
  template <typename Emit>
  void LetGo(bool all, EventContext& context, Emit&& emit) {
    const int64_t now = SteadyNanos();
    const double wait = params_.multiline_flush_interval.value_or(Seconds{}).value;
    // Emitting may lead back here and add streams.
    std::vector<Stream*> waiting;
    for (auto& [name, stream] : streams_) {
      if (!stream.group.empty()) waiting.push_back(&stream);
    }
    for (Stream* each : waiting) {
      Stream& stream = *each;
      if (!all && static_cast<double>(now - stream.started_ns) <= wait * 1e9) continue;
      auto batch = context.NewBatch();
      batch->set_origin(stream.group.origin());
      Finish(stream, *batch, context);
      stream.state = TraceRules::kStartState;
      emit(*batch);
      context.Recycle(std::move(batch));
    }
    std::erase_if(streams_, [now](const auto& entry) {
      return entry.second.group.empty() && now - entry.second.seen_ns > kIdleNs;
    });
  }

 private:
  static constexpr int64_t kIdleNs = 600'000'000'000;  // how long an empty stream is remembered

  struct Stream {
    TraceRules::State state = TraceRules::kStartState;
    std::string field;  // with the message; empty until one was found
    EventGroup group;
    size_t bytes = 0;
    int64_t started_ns = 0;
    int64_t seen_ns = 0;
  };

  Stream& StreamOf(Batch& batch, const Row& row) {
    name_ = batch.origin()->tag;
    if (!params_.stream.empty()) {
      name_ += '\0';
      const Field* field = batch.Find(row, params_.stream);
      if (field != nullptr) name_ += ToText(field->value(), batch.arena());
    }
    auto found = streams_.find(name_);
    if (found == streams_.end()) {
      found = streams_.emplace(name_, Stream()).first;
      found->second.field = params_.message;
    }
    found->second.seen_ns = now_ns_;
    return found->second;
  }

  // The line, or nothing if the event has none.
  std::optional<std::string_view> LineOf(Stream& stream, Batch& batch, const Row& row) {
    if (stream.field.empty()) {
      for (const char* name : {"message", "log"}) {
        if (stream.field.empty() && batch.Find(row, name) != nullptr) stream.field = name;
      }
    }
    const Field* field = batch.Find(row, stream.field);
    if (field == nullptr || !field->value().is_string()) return std::nullopt;
    return ToText(field->value(), batch.arena());
  }

  void Take(Batch& batch, const Row& row, EventContext& context) {
    Stream& stream = StreamOf(batch, row);
    const auto line = LineOf(stream, batch, row);
    TraceLine kind = TraceLine::kNone;
    if (line) {
      const auto max_bytes = static_cast<size_t>(params_.max_bytes);
      if (max_bytes > 0 && stream.bytes + line->size() > max_bytes) Reset(stream, batch, context);
      kind = rules_->Advance(*line, &stream.state);
    } else {
      stream.state = TraceRules::kStartState;
    }
    if (kind == TraceLine::kNone || kind == TraceLine::kStart) Finish(stream, batch, context);
    if (kind == TraceLine::kNone || (kind == TraceLine::kEnd && stream.group.empty())) {
      out_.push_back(row);
      return;
    }
    Add(stream, batch, row, *line);
    if (kind == TraceLine::kEnd) Finish(stream, batch, context);
    if (params_.max_lines > 0 && stream.group.size() == static_cast<size_t>(params_.max_lines)) {
      Reset(stream, batch, context);
    }
  }

  void Add(Stream& stream, Batch& batch, const Row& row, std::string_view line) {
    if (stream.group.empty()) {
      stream.started_ns = now_ns_;
    } else if (params_.force_line_breaks && line.find('\n') == std::string_view::npos) {
      char* text = batch.arena().Allocate(line.size() + 1);
      text[0] = '\n';
      std::copy(line.begin(), line.end(), text + 1);
      line = {text, line.size() + 1};
    }
    stream.bytes += line.size();
    stream.group.Add(batch, row, line, 0);
    touched_.push_back(&stream);
  }

  void Reset(Stream& stream, Batch& batch, EventContext& context) {
    Finish(stream, batch, context);
    stream.state = TraceRules::kStartState;
  }

  // What is held goes on as one event, at the end of out_ or (while events are let go) of the
  // batch.
  void Finish(Stream& stream, Batch& batch, EventContext& context) {
    stream.bytes = 0;
    if (stream.group.empty()) return;
    const bool between = !batch.rows().empty();
    const Row whole = stream.group.Finish(batch, nullptr, stream.field, "", context);
    if (!between) return;
    batch.rows().pop_back();
    out_.push_back(whole);
  }

  DetectParams params_;
  std::optional<TraceRules> rules_;
  std::unordered_map<std::string, Stream> streams_;
  std::vector<Stream*> touched_;
  std::vector<Row> out_;
  std::string name_;
  int64_t now_ns_ = 0;
};

class DetectExceptionsFilter final : public Filter {
 public:
  using Params = DetectParams;

  DetectExceptionsFilter(Params params, PluginEnv& env) : joiner_(std::move(params), env) {}

  void Apply(Batch& batch, EventContext& context) override { joiner_.Join(batch, context); }
  double tick_interval() const override { return joiner_.tick_interval(); }
  void Tick(EventContext& context) override { LetGo(false, context); }
  void Flush(EventContext& context) override { LetGo(true, context); }

 private:
  void LetGo(bool all, EventContext& context) {
    joiner_.LetGo(all, context, [&context](Batch& batch) { context.Forward(batch); });
  }

  TraceJoiner joiner_;
};

struct DetectOutputParams : DetectParams {
  std::string remove_tag_prefix;
  static const Schema<DetectOutputParams>& schema() {
    using P = DetectOutputParams;
    static const auto s = Schema<P>().Inherit<DetectParams>().Param(
        "remove_tag_prefix", &P::remove_tag_prefix, "Taken off the tag, with the dot behind it.",
        {.required = true});
    return s;
  }
};

class DetectExceptionsOutput final : public Output {
 public:
  using Params = DetectOutputParams;

  DetectExceptionsOutput(const Params& params, PluginEnv& env)
      : joiner_(params, env),
        prefix_(params.remove_tag_prefix + '.'),
        label_(env.Reserved("@label")),
        retagger_(env) {
    if (!label_.empty()) env.UseLabel(label_, env.element());
  }

  void Emit(Batch& batch, EventContext& context) override {
    joiner_.Join(batch, context);
    SendOn(batch, context);
  }
  bool Writable(const Origin& origin) override { return retagger_.Writable(origin); }
  bool changes_events() const override { return true; }
  double tick_interval() const override { return joiner_.tick_interval(); }
  void Tick(EventContext& context) override { LetGo(false, context); }
  void Flush(EventContext& context) override { LetGo(true, context); }

 private:
  void LetGo(bool all, EventContext& context) {
    joiner_.LetGo(all, context, [&](Batch& batch) { SendOn(batch, context); });
  }

  void SendOn(Batch& batch, EventContext& context) {
    std::string_view tag = batch.origin()->tag;
    if (tag.starts_with(prefix_)) tag.remove_prefix(prefix_.size());
    const std::string renamed(tag);
    for (uint32_t i = 0; i < batch.rows().size(); ++i) {
      if (!batch.rows()[i].dropped) retagger_.Send(i, renamed, label_);
    }
    retagger_.Emit(batch, context);
  }

  TraceJoiner joiner_;
  std::string prefix_;
  std::string label_;
  Retagger retagger_;
};

constexpr char kTraceIn[] =
    R"({"tag":"raw.app","time":[1,0],"record":{"log":"java.lang.RuntimeException: boom\n"}})"
    "\n"
    R"({"tag":"raw.app","time":[2,0],"record":{"log":"\tat Main.main(Main.java:3)\n"}})"
    "\n"
    R"({"tag":"raw.app","time":[3,0],"record":{"log":"ready\n"}})";

}  // namespace

PluginEntry DetectExceptionsFilterPlugin() {
  return DefinePlugin<DetectExceptionsFilter>(
      PluginKind::kFilter, "detect_exceptions", "Joins the lines of stack traces.", {},
      {{"A Java exception", "<filter **>\n  @type detect_exceptions\n</filter>\n", kTraceIn,
        R"({"tag":"raw.app","time":[1,0],"record":{"log":"java.lang.RuntimeException: boom\n\tat Main.main(Main.java:3)\n"}})"
        "\n"
        R"({"tag":"raw.app","time":[3,0],"record":{"log":"ready\n"}})"}});
}

PluginEntry DetectExceptionsOutputPlugin() {
  return DefinePlugin<DetectExceptionsOutput>(
      PluginKind::kOutput, "detect_exceptions",
      "Joins the lines of stack traces and sends events on with a shorter tag.", {},
      {{"A Java exception",
        "<match raw.**>\n  @type detect_exceptions\n  remove_tag_prefix raw\n</match>\n", kTraceIn,
        R"({"tag":"app","time":[1,0],"record":{"log":"java.lang.RuntimeException: boom\n\tat Main.main(Main.java:3)\n"}})"
        "\n"
        R"({"tag":"app","time":[3,0],"record":{"log":"ready\n"}})"}});
}

}  // namespace tailrace
