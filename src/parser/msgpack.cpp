// SPDX-License-Identifier: Apache-2.0
// A stream of MessagePack maps, or arrays of them (https://docs.fluentd.org/parser/msgpack). A
// piece may end within a value: the rest is expected in the next one.
#include "event/msgpack.h"

#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

using msgpack::ReadResult;

// More than this is not kept for a value that does not end.
constexpr size_t kUnfinishedMax = 64 << 20;

struct MsgpackParams : parser::ParserParams {
  static const Schema<MsgpackParams>& schema() {
    static const auto s = Schema<MsgpackParams>().Inherit<parser::ParserParams>();
    return s;
  }
};

class MsgpackParser final : public parser::LineParser {
 public:
  using Params = MsgpackParams;

  MsgpackParser(Params params, PluginEnv& env) : LineParser(params, env) {}

  ParseStatus Parse(const Line& line, Batch& batch) override {
    std::string_view bytes = line.text();
    if (!unfinished_.empty()) {
      unfinished_.append(bytes);
      bytes = batch.arena().Store(unfinished_);
      unfinished_.clear();
    }
    const size_t rows = batch.rows().size();
    const size_t unmatched = batch.unmatched().size();
    msgpack::Reader reader(bytes, batch.arena());
    uint16_t sub = 0;
    while (!reader.at_end()) {
      const size_t begin = reader.position();
      const size_t rows_before = batch.rows().size();
      const size_t unmatched_before = batch.unmatched().size();
      const uint16_t sub_before = sub;
      const ReadResult result = ReadOne(line, reader, batch, &sub);
      if (result == ReadResult::kOk) continue;
      if (result == ReadResult::kIncomplete && bytes.size() - begin <= kUnfinishedMax) {
        batch.rows().resize(rows_before);
        batch.unmatched().resize(unmatched_before);
        sub = sub_before;
        unfinished_.assign(bytes.substr(begin));
        break;
      }
      batch.rows().resize(rows);
      batch.unmatched().resize(unmatched);
      return ParseStatus::kError;
    }
    return ParseStatus::kOk;
  }

 private:
  // One value: a map is an event, an array of maps several; anything else is unmatched.
  ReadResult ReadOne(const Line& line, msgpack::Reader& reader, Batch& batch, uint16_t* sub) {
    uint32_t entries = 0;
    bool is_array = false;
    ReadResult result = reader.EnterArray(&entries, &is_array);
    if (result != ReadResult::kOk) return result;
    if (!is_array) return ReadEvent(line, reader, batch, sub);
    for (uint32_t i = 0; i < entries && result == ReadResult::kOk; ++i) {
      result = ReadEvent(line, reader, batch, sub);
    }
    return result;
  }

  ReadResult ReadEvent(const Line& line, msgpack::Reader& reader, Batch& batch, uint16_t* sub) {
    uint32_t entries = 0;
    bool is_map = false;
    ReadResult result = reader.EnterMap(&entries, &is_map);
    if (result != ReadResult::kOk) return result;
    if (!is_map) {
      result = reader.Skip();
      if (result == ReadResult::kOk) batch.unmatched().push_back(line);
      ++*sub;
      return result;
    }
    Row& row = batch.AddRow(line);
    row.sub = (*sub)++;
    result = reader.ReadEntries(entries, batch, row);
    if (result != ReadResult::kOk) return result;
    return Finish(batch, row) == ParseStatus::kOk ? ReadResult::kOk : ReadResult::kInvalid;
  }

  std::string unfinished_;
};

}  // namespace

PluginEntry MsgpackParserPlugin() {
  return DefinePlugin<MsgpackParser>(
      PluginKind::kParser, "msgpack", "A stream of MessagePack maps.", {},
      {{"A map of one entry", "<parse>\n  @type msgpack\n</parse>\n", "\x81\xA1k\xA1v\n",
        R"({"time":"now","record":{"k":"v"}})"
        "\n"}});
}

}  // namespace tailrace
