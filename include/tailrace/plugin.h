// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bases of all plugins and what the runtime gives them.
//
// Life: a plugin is constructed from its typed parameters while the configuration is read (problems
// are reported to PluginEnv, never thrown), started, and stopped. Inputs, parsers, filters and
// direct outputs exist once per worker and are only ever called by that worker's thread, so they
// need no locks. A buffered output exists once; it makes an Encoder per worker and a Sender per
// flush thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/batch.h"
#include "tailrace/chunk.h"
#include "tailrace/result.h"

namespace boost::asio {
class io_context;
}

namespace tailrace {

namespace config {
struct Element;
}
namespace params {
struct Spec;
}
struct LoadContext;

class Parser;
class Formatter;
class Output;

// What a plugin may ask for while it is constructed. Valid during construction only, except where a
// function says otherwise.
class PluginEnv {
 public:
  virtual ~PluginEnv() = default;

  // Where parameters are loaded and problems are reported (tailrace/params.h).
  virtual LoadContext& load() = 0;
  // True if an error has been reported since this plugin's construction began.
  virtual bool failed() const = 0;
  // The element that the plugin is made from.
  virtual const config::Element& element() const = 0;
  // Reserved parameters (@label …) of that element, and the text after a section's name.
  virtual std::string_view Reserved(std::string_view key) const = 0;
  virtual std::string_view ArgumentOf(const config::Element& section) const = 0;
  // The text of a parameter of a sub-section; empty if it is not there.
  virtual std::string_view TextOf(const config::Element& section, std::string_view key) const {
    static_cast<void>(section);
    static_cast<void>(key);
    return {};
  }
  // @id, or object:… where there is none. Lives as long as the plugin.
  virtual const std::string& id() const = 0;
  virtual const std::string& hostname() const = 0;
  // Which worker this instance is for, from 0, and how many there are.
  virtual int worker() const = 0;
  virtual int workers() const = 0;
  // The clock for events; stands still where a command was given --now. Lives as long as the
  // process.
  virtual std::function<EventTime()> clock() const = 0;

  // Sub-plugins from sections. Null after a problem has been reported.
  virtual std::unique_ptr<Parser> MakeParser(const config::Element& section) = 0;
  virtual std::unique_ptr<Formatter> MakeFormatter(const config::Element& section) = 0;
  virtual std::unique_ptr<Output> MakeOutput(const config::Element& section) = 0;
  // Says that this plugin emits to `label` ("@NAME"); a problem is reported where there is none.
  virtual void UseLabel(const std::string& label, const config::Element& where) = 0;
  // Whether events of an origin may be emitted to `label` now (Emitter::Writable of that router).
  // Lives as long as the plugin.
  virtual std::function<bool(std::string_view label, const Origin& origin)> writable() const = 0;
  // Reports an error at the attribute `key` of `where` (at its head if there is no such attribute).
  virtual void Problem(const config::Element& where, std::string_view key, std::string message) = 0;
};

class Plugin {
 public:
  virtual ~Plugin() = default;
};

// Takes batches: the way from an input to the filters and outputs behind it. Worker thread.
class Emitter {
 public:
  virtual ~Emitter() = default;
  // Runs `batch` to completion: when this returns its bytes are in chunks or counted under a
  // reason, and the batch may be reset.
  virtual void Emit(Batch& batch) = 0;
  // False while something on the way of this origin's events cannot take more. Inputs that can wait
  // do not read then; events that are emitted all the same are still accepted.
  virtual bool Writable(const Origin& origin) = 0;
};

// What an input works with. Lives as long as the input.
class InputRuntime {
 public:
  virtual ~InputRuntime() = default;
  // The worker's event loop. Handlers must be short: one batch at a time.
  virtual boost::asio::io_context& loop() = 0;
  virtual Emitter& emitter() = 0;
  // An empty batch to fill, and its return. A worker keeps a few.
  virtual std::unique_ptr<Batch> NewBatch() = 0;
  virtual void Recycle(std::unique_ptr<Batch> batch) = 0;
  // Counts events or bytes that an input had to give up, by reason.
  virtual void CountDropped(std::string_view reason, uint64_t events) = 0;
  virtual void CountLostBytes(std::string_view reason, uint64_t bytes) = 0;
};

class Input : public Plugin {
 public:
  // Worker thread. Registers descriptors and timers at runtime.loop(); owns no thread.
  virtual Status Start(InputRuntime& runtime) = 0;
  // Worker thread. Reads no more; what was read is emitted. Positions may still move while chunks
  // are acknowledged, until Close().
  virtual void Stop() = 0;
  // Worker thread. Everything that will be acknowledged has been: write the last positions.
  virtual void Close() {}
};

// What Parser::Parse said of a text.
enum class ParseStatus : uint8_t {
  kOk,       // zero or more rows were appended
  kNoMatch,  // not in this format: data, not an error
  kError,    // Fluentd's parser would raise here (bad encoding, time that is no time)
};

// Turns text into rows.
class Parser : public Plugin {
 public:
  // Parses one line (without its line end) and appends its events to `batch`. On anything but kOk
  // the batch is as before. The bytes of `line` stay valid as long as the batch; fields may point
  // into them. `line.data` is followed by at least 64 readable bytes. A row whose text had no time
  // gets the clock's (estimate_current_event), or kNoTime where that is switched off.
  virtual ParseStatus Parse(const Line& line, Batch& batch) = 0;

  // A parser bound to one stream of lines (a file, a connection), which may hold unfinished events:
  // half-joined pieces, an open multi-line event.
  class Stream {
   public:
    virtual ~Stream() = default;
    // Parses lines in order; events go to batch.rows(), unrecognised lines to batch.unmatched().
    virtual void Parse(std::span<const Line> lines, Batch& batch) = 0;
    // Lets go of what is held, as events: the stream has ended or nothing came for a while.
    virtual void Flush(Batch& batch) { static_cast<void>(batch); }
    // True while an unfinished event is held.
    virtual bool holding() const { return false; }
  };
  // By default: Parse() for each line.
  virtual std::unique_ptr<Stream> NewStream();
};

// Turns a row into bytes.
class Formatter : public Plugin {
 public:
  // Appends the event. Returns false with nothing appended if the event cannot be written in this
  // format; `why` says why.
  virtual bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* why) = 0;
};

// What a filter (or direct output) works with while it handles a batch.
class EventContext {
 public:
  virtual ~EventContext() = default;
  // Takes the row out of the pipeline and counts it under `reason`, a literal.
  virtual void Drop(Batch& batch, Row& row, const char* reason) = 0;
  // Takes the row out and sends it to @ERROR with this reason.
  virtual void MoveToError(Batch& batch, Row& row, std::string_view why) = 0;
  // Sends a copy to @ERROR; the row goes on.
  virtual void CopyToError(Batch& batch, const Row& row, std::string_view why) = 0;
  // Takes the row out because its content goes on within another event, which holds its segment.
  virtual void Joined(Batch& batch, Row& row) = 0;
  // Emits events that this plugin made or held: to what follows it (filters), or to the router of
  // `label` ("" = where the plugin itself stands, "@ROOT", "@NAME").
  virtual void Forward(Batch& batch) = 0;
  virtual void EmitTo(std::string_view label, Batch& batch) = 0;
  virtual std::unique_ptr<Batch> NewBatch() = 0;
  virtual void Recycle(std::unique_ptr<Batch> batch) = 0;
};

class Filter : public Plugin {
 public:
  // Changes the batch in place. Rows that are `dropped` are passed over. Rows may be added at the
  // end (with the place of the row that they were made from).
  virtual void Apply(Batch& batch, EventContext& context) = 0;
  // False while events of this origin should stay where they are (on disk). Must become true after
  // a bounded time.
  virtual bool Ready(const Origin& origin) {
    static_cast<void>(origin);
    return true;
  }
  // Seconds between ticks, 0 for none. A filter that holds events lets them go in Tick().
  virtual double tick_interval() const { return 0; }
  virtual void Tick(EventContext& context) { static_cast<void>(context); }
  // The pipeline stops: let go of everything that is held.
  virtual void Flush(EventContext& context) { static_cast<void>(context); }
};

// The end of a route. Worker thread.
class Output : public Plugin {
 public:
  // Takes the live rows of the batch.
  virtual void Emit(Batch& batch, EventContext& context) = 0;
  virtual bool Writable(const Origin& origin) {
    static_cast<void>(origin);
    return true;
  }
  // True if events that pass through here may be changed on the way (relabel, rewrite): someone who
  // gives one batch to several outputs gives such a one its own copy.
  virtual bool changes_events() const { return false; }
  virtual double tick_interval() const { return 0; }
  virtual void Tick(EventContext& context) { static_cast<void>(context); }
  virtual void Flush(EventContext& context) { static_cast<void>(context); }
};

// --- Buffered outputs: render, stage, deliver ---------------------------------------------------

// Renders rows into chunks; one per worker.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the rows with these indexes: for each, chunk.BeginEvent(segment) and its bytes. A row
  // that cannot be rendered goes to context.MoveToError() or Drop().
  virtual void Encode(Batch& batch, std::span<const uint32_t> rows, Chunk& chunk,
                      EventContext& context) = 0;
  // Makes an event of rendered bytes again, for the error stream; false if that cannot be done.
  virtual bool Decode(std::string_view event, Batch& batch, Row& row);
  // True where events of different chunk keys must not share a chunk (a file per tag). Where the
  // rendered event itself carries what the keys say, chunks are shared and fewer requests made.
  virtual bool separate_keys() const { return true; }
};

// What became of a delivery.
struct Delivery {
  enum class Code : uint8_t {
    kDone,     // every event is safe at the destination
    kRetry,    // nothing is known to be safe: deliver the same chunk again
    kPartial,  // `retry` lists what to deliver again, `rejected` what was refused; the rest is safe
    kReject,   // the destination refuses the whole chunk for good
  };
  struct Refusal {
    uint32_t index;
    std::string reason;
    // Not refused for good, but handed back: emitted again at the root under this tag.
    std::string retag{};
  };
  // What a failure says of the destination as a whole; decides how much it is given from now on.
  enum class Trouble : uint8_t {
    kNone,         // the fault lies in the request or in a few events
    kUnreachable,  // no connection, no answer in time, an answer that makes no sense
    kOverloaded,   // it asks for less: 429, 503
  };

  Code code = Code::kDone;
  Trouble trouble = Trouble::kNone;
  std::string why;                // for the operator: host, status, what the server said
  double not_before = 0;          // seconds to wait at least, where the destination says so
  std::vector<uint32_t> retry;    // event indexes, ascending
  std::vector<Refusal> rejected;  // ascending
};

// Delivers chunks; one per flush thread, used by that thread only. May block, up to its own
// timeouts.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual Delivery Deliver(const Chunk& chunk) = 0;
  // Before the first delivery, on the same thread: what can be done ahead, as finding out what the
  // server is. What fails here is tried again by Deliver().
  virtual void Prepare() {}
  // From now on one request should carry at most so many bytes; 0 = no limit. Between deliveries.
  virtual void LimitRequests(size_t bytes) { static_cast<void>(bytes); }
  // Any thread: a delivery under way should end soon (the agent stops at once).
  virtual void Abort() {}
};

class BufferedOutput : public Plugin {
 public:
  virtual std::unique_ptr<Encoder> NewEncoder(PluginEnv& env) = 0;
  virtual std::unique_ptr<Sender> NewSender() = 0;
  // Called once before the first delivery, on the main thread.
  virtual Status Start() { return {}; }
  // What <buffer> of this output defaults to, where it differs from Fluentd's general defaults.
  struct BufferDefaults {
    std::vector<std::string> chunk_keys;
    std::string type = "memory";
    std::optional<std::string> flush_mode;
    std::optional<double> flush_interval, timekey, timekey_wait;
    std::optional<bool> flush_at_shutdown, timekey_use_utc;
    std::optional<double> delayed_commit_timeout;
  };
  virtual BufferDefaults buffer_defaults() const { return {}; }
};

// --- The table of plugins -----------------------------------------------------------------------

enum class PluginKind : uint8_t { kInput, kParser, kFilter, kFormatter, kOutput };

// An example of a plugin's use: printed in its reference and run as a test.
struct Example {
  std::string title;
  std::string conf;      // the section, as it stands in fluent.conf
  std::string input;     // lines (parser) or events as JSON lines (filter, formatter)
  std::string expected;  // what comes out, as the command of that kind prints it
};

// One line of the table in src/plugins.cpp. Made with DefinePlugin() (tailrace/define_plugin.h).
struct PluginEntry {
  PluginKind kind;
  std::string type;
  std::vector<std::string> aliases;
  std::string summary;    // one sentence
  bool buffered = false;  // a BufferedOutput
  std::function<std::unique_ptr<Plugin>(PluginEnv&)> make;
  const params::Spec& (*spec)() = nullptr;  // its parameters
  std::vector<Example> examples;
};

}  // namespace tailrace
