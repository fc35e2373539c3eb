// SPDX-License-Identifier: Apache-2.0
// Container log files, whatever runtime wrote them: CRI lines (containerd, CRI-O) and docker's
// json-file lines are told apart line by line by their first byte, pieces of long lines are joined
// per stream, and the message is read by the inner <parse>.
//
// Without an inner <parse>, a message that is exactly one JSON object becomes the record; any other
// text goes to `message_key` as it is. So does a message that the inner <parse> does not recognise:
// no line of a container is lost for its form.
#include <array>

#include "event/json.h"
#include "event/value.h"
#include "parser/cri_line.h"
#include "parser/line_parser.h"
#include "parser/piece_joiner.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

using parser::ContainerStream;
using parser::CriLine;
using parser::JoinedLine;

struct ContainerParams {
  std::string message_key = "message";
  std::optional<std::string> stream_key{"stream"};
  std::optional<std::string> time_key{};
  std::optional<std::string> logtag_key{};
  Size partial_limit{1 << 20};
  Seconds partial_wait{5};
  std::vector<RawSection> parse{};

  static const Schema<ContainerParams>& schema() {
    static const auto s =
        Schema<ContainerParams>()
            .Param("message_key", &ContainerParams::message_key,
                   "The field for the text of a message that is no JSON object.")
            .Param("stream_key", &ContainerParams::stream_key,
                   "The field for stdout or stderr; empty: none.")
            .Param("time_key", &ContainerParams::time_key,
                   "The field for the runtime's time as it is written; empty: none. The event's "
                   "time is the runtime's in any case, unless the inner <parse> finds one.")
            .Param("logtag_key", &ContainerParams::logtag_key,
                   "The field for F (whole) or P (cut); empty: none.")
            .Param("partial_limit", &ContainerParams::partial_limit,
                   "A message in pieces that gets longer is delivered in parts, each but the last "
                   "with \"partial\": true.",
                   {.min = 1})
            .Param(
                "partial_wait", &ContainerParams::partial_wait,
                "How long a message is held whose last piece does not come; it is then delivered "
                "with \"partial\": true.",
                {.min = 0})
            .RawSection("parse", &ContainerParams::parse, "How the message is read.",
                        {.many = false});
    return s;
  }
};

// A key of the configuration and whether it can be written without escaping.
struct OutputKey {
  explicit OutputKey(const std::optional<std::string>& key)
      : text(key.value_or("")), clean(json::IsClean(text)) {}
  bool used() const { return !text.empty(); }

  std::string text;
  bool clean;
};

// One line of a container, before pieces are joined.
struct ContainerLine {
  ContainerStream stream = ContainerStream::kOther;
  Value stream_name;
  Value time_text;
  Value message;  // as written: text of a CRI line, or the inside of a JSON string
  EventTime time = kNoTime;
  bool partial = false;
};

class ContainerParser final : public Parser {
 public:
  using Params = ContainerParams;

  ContainerParser(Params params, PluginEnv& env)
      : message_key_(params.message_key),
        stream_key_(params.stream_key),
        time_key_(params.time_key),
        logtag_key_(params.logtag_key),
        limit_(static_cast<size_t>(params.partial_limit.bytes)),
        wait_(params.partial_wait.value) {
    if (params.parse.empty()) return;
    inner_ = env.MakeParser(*params.parse.front());
    // The runtime's time is better than the clock's.
    if (auto* lines = dynamic_cast<parser::LineParser*>(inner_.get())) lines->LeaveTimeOut();
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    ContainerLine in;
    if (!Read(line, batch, &in)) return ParseStatus::kNoMatch;
    Emit(line, in, in.partial, batch);
    return ParseStatus::kOk;
  }

  std::unique_ptr<Stream> NewStream() override;

 private:
  friend class ContainerStreamParser;

  bool Read(const Line& line, Batch& batch, ContainerLine* out) {
    if (line.size > 0 && line.data[0] == '{') return ReadDocker(line, batch, out);
    CriLine cri;
    if (!SplitCriLine(line.text(), &cri) || !container_time_.Parse(cri.time, &out->time)) {
      return false;
    }
    out->stream = parser::StreamOf(cri.stream);
    out->stream_name =
        out->stream == ContainerStream::kOther ? Value::Text(cri.stream) : Value::Clean(cri.stream);
    out->time_text = Value::Clean(cri.time);
    out->message = Value::Text(cri.text);
    out->partial = cri.partial();
    return true;
  }

  // {"log":"text\n","stream":"stdout","time":"2024-01-15T10:30:00.123456789Z"}, perhaps with
  // "attrs". A text without a newline at its end is a piece that another one follows.
  bool ReadDocker(const Line& line, Batch& batch, ContainerLine* out) {
    Row& row = batch.AddRow(line);
    const bool valid = json::ParseObject(line.text(), batch, row);
    bool has_log = false;
    bool has_time = false;
    if (valid) {
      for (const Field& field : batch.fields(row)) {
        if (!field.value().is_string()) continue;
        if (field.key() == "log") {
          out->message = field.value();
          has_log = true;
        } else if (field.key() == "stream") {
          out->stream_name = field.value();
          out->stream = parser::StreamOf(field.value().bytes());
        } else if (field.key() == "time") {
          out->time_text = field.value();
          has_time = container_time_.Parse(field.value().bytes(), &out->time);
        }
      }
    }
    batch.rows().pop_back();
    if (!has_log || !has_time) return false;
    if (out->message.kind == Kind::kEscaped) {
      out->message = Value::Text(json::Unescape(out->message.bytes(), batch.arena()));
    }
    const std::string_view text = out->message.bytes();
    out->partial = !text.ends_with('\n');
    if (!out->partial) --out->message.size;
    return true;
  }

  // A row for the message. `partial`: marked as a part of a longer one.
  void Emit(const Line& line, const ContainerLine& in, bool partial, Batch& batch) {
    Line message = line;
    message.data = in.message.data;
    message.size = in.message.size;
    const size_t first = batch.rows().size();
    if (!ReadMessage(message, batch)) {
      Row& row = batch.AddRow(message);
      row.time = kNoTime;
      batch.Append(row, message_key_.text, in.message, message_key_.clean);
    }
    for (size_t i = first; i < batch.rows().size(); ++i) {
      Row& row = batch.rows()[i];
      if (row.time == kNoTime) row.time = in.time;
      if (stream_key_.used()) batch.Set(row, stream_key_.text, in.stream_name, stream_key_.clean);
      if (time_key_.used()) batch.Set(row, time_key_.text, in.time_text, time_key_.clean);
      if (logtag_key_.used()) {
        batch.Set(row, logtag_key_.text, Value::Clean(partial ? "P" : "F"), logtag_key_.clean);
      }
      if (partial) batch.Set(row, "partial", Value::Bool(true));
    }
  }

  // False if the message is to stand as text.
  bool ReadMessage(const Line& message, Batch& batch) {
    if (inner_ != nullptr) return inner_->Parse(message, batch) == ParseStatus::kOk;
    if (message.size < 2 || message.data[0] != '{') return false;
    Row& row = batch.AddRow(message);
    row.time = kNoTime;
    if (json::ParseObject(message.text(), batch, row)) return true;
    batch.rows().pop_back();
    return false;
  }

  const OutputKey message_key_;
  const OutputKey stream_key_;
  const OutputKey time_key_;
  const OutputKey logtag_key_;
  const size_t limit_;
  const double wait_;
  std::unique_ptr<Parser> inner_;
  parser::ContainerTime container_time_;
};

class ContainerStreamParser final : public Parser::Stream {
 public:
  explicit ContainerStreamParser(ContainerParser& parser)
      : parser_(parser), joiner_(parser.limit_, parser.wait_) {}

  void Parse(std::span<const Line> lines, Batch& batch) override {
    for (const Line& line : lines) ParseLine(line, batch);
    if (!joiner_.EndBatch(batch)) return;
    JoinedLine joined;
    for (const ContainerStream stream : kStreams) {
      if (joiner_.TakeOld(stream, batch, &joined)) Deliver(joined, stream, true, batch);
    }
  }

  void Flush(Batch& batch) override {
    JoinedLine joined;
    for (const ContainerStream stream : kStreams) {
      if (joiner_.Take(stream, batch, &joined)) Deliver(joined, stream, true, batch);
    }
  }

  bool holding() const override { return joiner_.holding(); }

 private:
  static constexpr std::array<ContainerStream, 2> kStreams = {ContainerStream::kStdout,
                                                              ContainerStream::kStderr};

  void ParseLine(const Line& line, Batch& batch) {
    ContainerLine in;
    if (!parser_.Read(line, batch, &in)) {
      batch.unmatched().push_back(line);
      return;
    }
    const bool joins = in.stream != ContainerStream::kOther;
    if (!joins || (!in.partial && !joiner_.open(in.stream))) {
      parser_.Emit(line, in, in.partial, batch);
      return;
    }
    Line piece = line;
    piece.data = in.message.data;
    piece.size = in.message.size;
    JoinedLine joined;
    if (!in.partial) {
      if (joiner_.Finish(in.stream, piece, batch, &joined)) {
        Deliver(joined, in.stream, false, batch);
      }
    } else if (joiner_.Add(in.stream, piece, in.time, in.time_text.bytes(), batch, &joined)) {
      Deliver(joined, in.stream, true, batch);
    }
  }

  void Deliver(const JoinedLine& joined, ContainerStream stream, bool partial, Batch& batch) {
    ContainerLine in;
    in.stream = stream;
    in.stream_name = Value::Clean(stream == ContainerStream::kStdout ? "stdout" : "stderr");
    in.time = joined.time;
    in.time_text = Value::Clean(joined.stamp);
    in.message = Value::Text(joined.line.text());
    parser_.Emit(joined.line, in, partial, batch);
  }

  ContainerParser& parser_;
  parser::PieceJoiner joiner_;
};

std::unique_ptr<Parser::Stream> ContainerParser::NewStream() {
  return std::make_unique<ContainerStreamParser>(*this);
}

}  // namespace

PluginEntry ContainerParserPlugin() {
  return DefinePlugin<ContainerParser>(
      PluginKind::kParser, "container",
      "Container log files of any runtime: CRI and docker json-file lines, pieces joined.", {},
      {{"CRI and docker lines, JSON and text", "<parse>\n  @type container\n</parse>\n",
        "2024-01-15T10:30:00.123456789Z stdout F {\"level\":\"info\",\"message\":\"up\"}\n"
        "2024-01-15T10:30:01.5Z stderr F plain text\n"
        R"({"log":"from docker\n","stream":"stdout","time":"2024-01-15T10:30:02Z"})"
        "\n",
        R"({"time":[1705314600,123456789],"record":{"level":"info","message":"up",)"
        R"("stream":"stdout"}})"
        "\n"
        R"({"time":[1705314601,500000000],"record":{"message":"plain text","stream":"stderr"}})"
        "\n"
        R"({"time":[1705314602,0],"record":{"message":"from docker","stream":"stdout"}})"
        "\n"}});
}

}  // namespace tailrace
