// SPDX-License-Identifier: Apache-2.0
// Container log lines in the CRI format (the parameters of fluent-plugin-parser-cri). Beyond it,
// streams join the pieces of long lines, and blanks at the beginning of a message are kept.
#include <array>

#include "event/json.h"
#include "parser/cri_line.h"
#include "parser/line_parser.h"
#include "parser/piece_joiner.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

using parser::ContainerStream;
using parser::CriLine;
using parser::JoinedLine;

constexpr const char* kRuntimeFormat = "%Y-%m-%dT%H:%M:%S.%L%z";

struct CriParams : parser::ParserParams {
  bool merge_cri_fields = true;
  Size partial_limit{1 << 20};
  Seconds partial_wait{5};
  std::vector<RawSection> parse{};

  CriParams() {
    time_key = "time";
    time_format = kRuntimeFormat;
    keep_time_key = true;
  }

  static const Schema<CriParams>& schema() {
    static const auto s =
        Schema<CriParams>()
            .Param("merge_cri_fields", &CriParams::merge_cri_fields,
                   "Adds stream and logtag to what the inner <parse> found.")
            .Param("partial_limit", &CriParams::partial_limit,
                   "A message in pieces that gets longer is delivered in parts, each but the last "
                   "with logtag P.",
                   {.min = 1})
            .Param(
                "partial_wait", &CriParams::partial_wait,
                "How long a message is held whose last piece does not come; it is then delivered "
                "with logtag P.",
                {.min = 0})
            .RawSection("parse", &CriParams::parse, "How the message is read.", {.many = false})
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class CriParser final : public parser::LineParser {
 public:
  using Params = CriParams;

  CriParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        merge_(params.merge_cri_fields),
        runtime_format_(params.time_format == kRuntimeFormat &&
                        params.time_type == text::TimeType::kString),
        time_clean_(json::IsClean(params.time_key.value_or(""))),
        limit_(static_cast<size_t>(params.partial_limit.bytes)),
        wait_(params.partial_wait.value) {
    if (!params.parse.empty()) inner_ = env.MakeParser(*params.parse.front());
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    CriLine cri;
    if (!SplitCriLine(line.text(), &cri)) return ParseStatus::kNoMatch;
    if (inner_ != nullptr) return ParseInner(line, cri, batch);
    EventTime time;
    bool clean = false;
    if (!Time(cri.time, &time, &clean)) return ParseStatus::kError;
    AppendRow(line, cri, time, clean, batch);
    return ParseStatus::kOk;
  }

  std::unique_ptr<Stream> NewStream() override;

 private:
  friend class CriStream;

  // `clean`: the text is known to need no escaping.
  bool Time(std::string_view text, EventTime* time, bool* clean) {
    if (runtime_format_ && container_time_.Parse(text, time)) {
      *clean = true;
      return true;
    }
    return ReadTime(text, time);
  }

  void AppendRow(const Line& line, const CriLine& cri, EventTime time, bool clean, Batch& batch) {
    Row& row = batch.AddRow(line);
    row.time = time;
    Field* const field = batch.Room(row, 4);
    field[0].set_key("stream", true);
    field[0].set_value(Tag(cri.stream));
    field[1].set_key("logtag", true);
    field[1].set_value(Tag(cri.tag));
    field[2].set_key("message", true);
    field[2].set_value(Value::Text(cri.text));
    uint32_t count = 3;
    if (keep_time_key() && time_key()) {
      field[3].set_key(*time_key(), time_clean_);
      field[3].set_value(clean ? Value::Clean(cri.time) : Value::Text(cri.time));
      ++count;
    }
    batch.Commit(row, count);
  }

  static Value Tag(std::string_view text) {
    const bool known = text == "F" || text == "P" || text == "stdout" || text == "stderr";
    return known ? Value::Clean(text) : Value::Text(text);
  }

  ParseStatus ParseInner(const Line& line, const CriLine& cri, Batch& batch) {
    Line message = line;
    message.data = cri.text.data();
    message.size = static_cast<uint32_t>(cri.text.size());
    const size_t first = batch.rows().size();
    const ParseStatus status = inner_->Parse(message, batch);
    if (status != ParseStatus::kOk || !merge_) return status;
    for (size_t i = first; i < batch.rows().size(); ++i) {
      batch.Set(batch.rows()[i], "stream", Tag(cri.stream));
      batch.Set(batch.rows()[i], "logtag", Tag(cri.tag));
    }
    return status;
  }

  const bool merge_;
  const bool runtime_format_;
  const bool time_clean_;
  const size_t limit_;
  const double wait_;
  std::unique_ptr<Parser> inner_;
  parser::ContainerTime container_time_;
};

class CriStream final : public Parser::Stream {
 public:
  explicit CriStream(CriParser& parser) : parser_(parser), joiner_(parser.limit_, parser.wait_) {}

  void Parse(std::span<const Line> lines, Batch& batch) override {
    for (const Line& line : lines) ParseLine(line, batch);
    if (!joiner_.EndBatch(batch)) return;
    JoinedLine joined;
    for (const ContainerStream stream : kStreams) {
      if (joiner_.TakeOld(stream, batch, &joined)) Deliver(joined, stream, "P", batch);
    }
  }

  void Flush(Batch& batch) override {
    JoinedLine joined;
    for (const ContainerStream stream : kStreams) {
      if (joiner_.Take(stream, batch, &joined)) Deliver(joined, stream, "P", batch);
    }
  }

  bool holding() const override { return joiner_.holding(); }

 private:
  static constexpr std::array<ContainerStream, 2> kStreams = {ContainerStream::kStdout,
                                                              ContainerStream::kStderr};

  void ParseLine(const Line& line, Batch& batch) {
    CriLine cri;
    if (!SplitCriLine(line.text(), &cri)) {
      batch.unmatched().push_back(line);
      return;
    }
    const ContainerStream stream = parser::StreamOf(cri.stream);
    const bool joins = stream != ContainerStream::kOther;
    if (!joins || (!cri.partial() && !joiner_.open(stream))) {
      if (parser_.Parse(line, batch) != ParseStatus::kOk) batch.unmatched().push_back(line);
      return;
    }
    Line piece = line;
    piece.data = cri.text.data();
    piece.size = static_cast<uint32_t>(cri.text.size());
    JoinedLine joined;
    if (!cri.partial()) {
      if (joiner_.Finish(stream, piece, batch, &joined)) Deliver(joined, stream, cri.tag, batch);
      return;
    }
    EventTime time = kNoTime;
    bool clean = false;
    parser_.Time(cri.time, &time, &clean);
    if (joiner_.Add(stream, piece, time, cri.time, batch, &joined)) {
      Deliver(joined, stream, "P", batch);
    }
  }

  void Deliver(const JoinedLine& joined, ContainerStream stream, std::string_view tag,
               Batch& batch) {
    CriLine cri;
    cri.time = joined.stamp;
    cri.stream = stream == ContainerStream::kStdout ? "stdout" : "stderr";
    cri.tag = tag;
    cri.text = joined.line.text();
    if (parser_.inner_ != nullptr) {
      if (parser_.ParseInner(joined.line, cri, batch) != ParseStatus::kOk) {
        batch.unmatched().push_back(joined.line);
      }
    } else if (joined.time == kNoTime) {
      batch.unmatched().push_back(joined.line);
    } else {
      parser_.AppendRow(joined.line, cri, joined.time, false, batch);
    }
  }

  CriParser& parser_;
  parser::PieceJoiner joiner_;
};

std::unique_ptr<Parser::Stream> CriParser::NewStream() {
  return std::make_unique<CriStream>(*this);
}

}  // namespace

PluginEntry CriParserPlugin() {
  return DefinePlugin<CriParser>(
      PluginKind::kParser, "cri",
      "Container log lines as containerd and CRI-O write them; pieces of long lines are joined.",
      {},
      {{"A container's line", "<parse>\n  @type cri\n</parse>\n",
        "2024-01-15T10:30:00.123456789Z stdout F hello\n",
        R"({"time":[1705314600,123456789],"record":{"stream":"stdout","logtag":"F",)"
        R"("message":"hello","time":"2024-01-15T10:30:00.123456789Z"}})"
        "\n"},
       {"JSON inside",
        "<parse>\n  @type cri\n  <parse>\n    @type json\n    time_key ts\n  </parse>\n</parse>\n",
        R"(2024-01-15T10:30:00.123456789Z stdout F {"ts":1705314599.5,"level":"info"})"
        "\n",
        R"({"time":[1705314599,500000000],"record":{"level":"info","stream":"stdout",)"
        R"("logtag":"F"}})"
        "\n"}});
}

}  // namespace tailrace
