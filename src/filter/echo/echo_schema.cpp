// SPDX-License-Identifier: Apache-2.0
// <filter> @type echo_schema: brings events of every source to the echo-logs schema
// (docs/echo-schema.md):
//
//   {"@timestamp", "level", "service_name", "message", "user_id", "session_id",
//    "kubernetes": {"namespace", "pod_name", "container_name", "node_name"}, "fields": {…}}
//
// Every field has one type, so that no document is refused for its type; what has no place goes
// under `fields`, which the index template maps as one flattened field, so that no service can
// explode the mapping.

#include <algorithm>
#include <array>
#include <charconv>

#include "event/json.h"
#include "event/value.h"
#include "filter/echo/level.h"
#include "filter/echo/roles.h"
#include "tailrace/define_plugin.h"
#include "text/time_format.h"

namespace tailrace::echo {
namespace {

struct EchoSchemaParams {
  std::string fields_key = "fields";
  std::string default_service = "unknown";
  std::string default_level = "info";
  int64_t timestamp_digits = 3;
  bool parse_text = true;

  static const Schema<EchoSchemaParams>& schema() {
    static const auto s =
        Schema<EchoSchemaParams>()
            .Param("fields_key", &EchoSchemaParams::fields_key,
                   "Where everything goes that has no place of its own.")
            .Param("default_service", &EchoSchemaParams::default_service,
                   "service_name where neither the event nor its pod says one.")
            .Param("default_level", &EchoSchemaParams::default_level,
                   "level where the event does not say one.")
            .Param("timestamp_digits", &EchoSchemaParams::timestamp_digits,
                   "Digits of a second in @timestamp.", {.min = 0, .max = 9})
            .Param("parse_text", &EchoSchemaParams::parse_text,
                   "Looks for a level in lines of plain text (klog, PostgreSQL, Redis, nginx …).");
    return s;
  }
};

// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
bool ParseEpoch(std::string_view text, EventTime& time) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1e8) return false;
  const size_t digits = std::min(text.find('.'), text.size());
  if (text.find_first_of("eE") != std::string_view::npos || digits > 19) return false;
  int64_t whole = 0;
  std::from_chars(text.data(), text.data() + digits, whole);
  if (digits <= 11) {
    time.sec = whole;
    time.nsec = 0;
    int32_t scale = 100'000'000;
    for (size_t i = digits + 1; i < text.size() && scale > 0; ++i, scale /= 10) {
      time.nsec += (text[i] - '0') * scale;
    }
    return true;
  }
  const int64_t per_second = digits <= 14 ? 1'000 : digits <= 17 ? 1'000'000 : 1'000'000'000;
  time.sec = whole / per_second;
  time.nsec = static_cast<int32_t>(whole % per_second * (1'000'000'000 / per_second));
  return true;
}

// RFC 3339, also with a space for the T, a comma for the point, or without a zone (then UTC).
bool ParseTime(std::string_view text, EventTime& time) {
  if (text::ParseRfc3339(text, time)) return true;
  constexpr size_t kShortest = 19;
  constexpr size_t kLongest = 40;
  if (text.size() < kShortest || text.size() > kLongest || text[4] != '-') return false;
  std::array<char, kLongest + 1> copy{};
  std::copy(text.begin(), text.end(), copy.begin());
  size_t size = text.size();
  if (copy[10] == ' ') copy[10] = 'T';
  if (size > kShortest && copy[kShortest] == ',') copy[kShortest] = '.';
  const char last = copy[size - 1];
  const bool zone = last == 'Z' || text.find_first_of("+-", kShortest) != std::string_view::npos;
  if (!zone) copy[size++] = 'Z';
  return text::ParseRfc3339({copy.data(), size}, time);
}

bool ReadTime(const Value& value, EventTime& time) {
  if (value.kind == Kind::kTime) {
    time = TimeOf(value);
    return true;
  }
  if (value.kind == Kind::kNumber) return ParseEpoch(value.bytes(), time);
  if (value.kind != Kind::kClean && value.kind != Kind::kText) return false;
  return ParseTime(value.bytes(), time) || ParseEpoch(value.bytes(), time);
}

// The field of each role with the lowest rank.
struct Picked {
  const Field* field = nullptr;
  uint8_t rank = 255;
};

class EchoSchemaFilter final : public Filter {
 public:
  using Params = EchoSchemaParams;

  EchoSchemaFilter(Params params, PluginEnv& /*env*/)
      : params_(std::move(params)), timestamp_(static_cast<int>(params_.timestamp_digits)) {}

  void Apply(Batch& batch, EventContext& /*context*/) override {
    pod_ = Pod{};
    for (Row& row : batch.rows()) {
      if (!row.dropped) Shape(batch, row);
    }
  }

 private:
  // What the pod's metadata gives for all rows of a batch.
  struct Pod {
    const char* source = nullptr;
    Value kubernetes;
    Value service;
  };

  void Shape(Batch& batch, Row& row) {
    std::array<Picked, 10> picked{};
    Sort(batch, row, picked);
    Field* at = shaped_.data();
    SetTimestamp(batch, row, picked, at);
    const Field* text = picked[size_t(Role::kMessage)].field;
    Value message = text != nullptr ? text->value() : AuditText(batch, row);
    Value level = LevelOf(picked, message);
    Put(at, "level", level);
    const Field* kubernetes = picked[size_t(Role::kKubernetes)].field;
    if (kubernetes != nullptr) ReadPod(batch, *kubernetes);
    Put(at, "service_name", ServiceOf(picked, kubernetes != nullptr));
    Put(at, "message", message);
    PutText(at, "user_id", picked[size_t(Role::kUser)].field, batch.arena());
    PutText(at, "session_id", picked[size_t(Role::kSession)].field, batch.arena());
    if (kubernetes != nullptr && pod_.kubernetes.kind == Kind::kObject) {
      Put(at, "kubernetes", pod_.kubernetes);
    }
    if (!others_.empty()) {
      scratch_.Clear();
      scratch_.Append('{');
      json::AppendMembers(others_, scratch_);
      scratch_.Append('}');
      Put(at, params_.fields_key, Value::Of(Kind::kObject, batch.arena().Store(scratch_.view())));
    }
    row.count = 0;
    for (const Field* field = shaped_.data(); field != at; ++field) batch.Append(row, *field);
  }

  // Finds the field for each role; all others, and those of a type that does not fit, are kept.
  void Sort(Batch& batch, Row& row, std::array<Picked, 10>& picked) {
    others_.clear();
    for (const Field& field : batch.fields(row)) {
      const KeyRole key = RoleOf(field.key());
      if (key.role == Role::kStream || key.role == Role::kDocker) continue;
      if (key.role == Role::kOther || !Fits(key.role, field.value())) {
        others_.push_back(field);
        continue;
      }
      Picked& best = picked[size_t(key.role)];
      if (key.rank < best.rank) {
        if (best.field != nullptr) others_.push_back(*best.field);
        best = {&field, key.rank};
      } else {
        others_.push_back(field);
      }
    }
  }

  static bool Fits(Role role, const Value& value) {
    if (role == Role::kKubernetes) return value.kind == Kind::kObject;
    if (role == Role::kTime)
      return value.is_string() || value.kind == Kind::kNumber || value.kind == Kind::kTime;
    if (value.is_string()) return true;
    return value.kind == Kind::kNumber && role != Role::kMessage && role != Role::kService;
  }

  void SetTimestamp(Batch& batch, Row& row, const std::array<Picked, 10>& picked, Field*& at) {
    if (const Field* field = picked[size_t(Role::kTime)].field) {
      // One that cannot be read is kept as it is, and the time of the line stands.
      if (!ReadTime(field->value(), row.time)) others_.push_back(*field);
    }
    char* text = batch.arena().Allocate(text::Rfc3339Writer::kMaxBytes);
    const auto size = static_cast<size_t>(timestamp_.Write(row.time, text) - text);
    batch.arena().Shrink(text::Rfc3339Writer::kMaxBytes, size);
    Put(at, "@timestamp", Value::Clean({text, size}));
  }

  // An event of the Kubernetes audit log has no text; what was asked for is what one looks for.
  static Value AuditText(Batch& batch, const Row& row) {
    const Field* verb = batch.Find(row, "verb");
    const Field* uri = batch.Find(row, "requestURI");
    if (verb == nullptr || uri == nullptr || verb->kind != Kind::kClean ||
        !uri->value().is_string()) {
      return Value::Clean("");
    }
    char* text = batch.arena().Allocate(verb->value_size + 1 + uri->value_size);
    std::memcpy(text, verb->value_data, verb->value_size);
    text[verb->value_size] = ' ';
    std::memcpy(text + verb->value_size + 1, uri->value_data, uri->value_size);
    return Value::Of(uri->kind, {text, verb->value_size + 1 + uri->value_size});
  }

  Value LevelOf(const std::array<Picked, 10>& picked, Value& message) {
    if (const Field* field = picked[size_t(Role::kLevel)].field) {
      const std::string_view level = NormalizeLevel(field->value());
      if (!level.empty()) return Value::Clean(level);
      others_.push_back(*field);
    } else if (params_.parse_text && message.kind != Kind::kEscaped && message.size > 0) {
      const TextParts parts = ReadText(message.bytes());
      // Only the head is cut off, so what is left is as clean as the whole.
      message = Value::Of(message.kind, parts.message);
      if (!parts.level.empty()) return Value::Clean(parts.level);
    }
    return Value::Clean(params_.default_level);
  }

  Value ServiceOf(const std::array<Picked, 10>& picked, bool has_pod) const {
    if (const Field* field = picked[size_t(Role::kService)].field) return field->value();
    if (has_pod && pod_.service.size > 0) return pod_.service;
    return Value::Clean(params_.default_service);
  }

  // Both shapes of kubernetes_metadata come out as the schema has them.
  void ReadPod(Batch& batch, const Field& field) {
    if (pod_.source == field.value_data) return;
    pod_ = Pod{};
    pod_.source = field.value_data;
    Value name_space, pod_name, container, node, labels;
    json::ForEachMember(field.value().bytes(), batch.arena(), [&](const Field& member) {
      const std::string_view key = member.key();
      if (key == "namespace_name" || key == "namespace") name_space = member.value();
      if (key == "pod_name") pod_name = member.value();
      if (key == "container_name") container = member.value();
      if (key == "host" || key == "node_name") node = member.value();
      if (key == "labels") labels = member.value();
      if (key == "service_name") pod_.service = member.value();
      return true;
    });
    std::array<Field, 4> fields;
    Field* at = fields.data();
    if (name_space.is_string()) Put(at, "namespace", name_space);
    if (pod_name.is_string()) Put(at, "pod_name", pod_name);
    if (container.is_string()) Put(at, "container_name", container);
    if (node.is_string()) Put(at, "node_name", node);
    scratch_.Clear();
    scratch_.Append('{');
    json::AppendMembers({fields.data(), static_cast<size_t>(at - fields.data())}, scratch_);
    scratch_.Append('}');
    pod_.kubernetes = Value::Of(Kind::kObject, batch.arena().Store(scratch_.view()));
    if (pod_.service.size == 0 && labels.kind == Kind::kObject) ReadService(batch, labels);
    if (pod_.service.size == 0 && container.is_string()) pod_.service = container;
  }

  void ReadService(Batch& batch, const Value& labels) {
    static constexpr std::array<std::string_view, 3> kLabels = {"app.kubernetes.io/name", "app",
                                                                "k8s-app"};
    size_t best = kLabels.size();
    json::ForEachMember(labels.bytes(), batch.arena(), [&](const Field& label) {
      const auto found = std::find(kLabels.begin(), kLabels.end(), label.key());
      const auto rank = static_cast<size_t>(found - kLabels.begin());
      if (rank < best && label.value().is_string()) {
        best = rank;
        pod_.service = label.value();
      }
      return true;
    });
  }

  static void Put(Field*& at, std::string_view key, const Value& value) {
    at->set_key(key, true);
    at->set_value(value);
    ++at;
  }

  // Numbers become text: the index has keywords here.
  static void PutText(Field*& at, std::string_view key, const Field* field, Arena& arena) {
    if (field == nullptr) return;
    const Value value = field->value();
    Put(at, key, value.is_string() ? value : Value::Clean(ToText(value, arena)));
  }

  Params params_;
  text::Rfc3339Writer timestamp_;
  Pod pod_;
  std::array<Field, 10> shaped_;
  std::vector<Field> others_;
  ByteBuffer scratch_;
};

std::vector<Example> Examples() {
  return {
      {"An application's own JSON", "<filter **>\n  @type echo_schema\n</filter>\n",
       R"({"tag":"app","time":[1705314600,0],"record":{"ts":"2024-01-15T10:30:00Z","lvl":"INFO","msg":"WebRTC connection established","user_id":123,"room":"a"}})",
       R"({"tag":"app","time":[1705314600,0],"record":{"@timestamp":"2024-01-15T10:30:00.000Z","level":"info","service_name":"unknown","message":"WebRTC connection established","user_id":"123","fields":{"room":"a"}}})"}};
}

}  // namespace
}  // namespace tailrace::echo

namespace tailrace {

PluginEntry EchoSchemaFilterPlugin() {
  return DefinePlugin<echo::EchoSchemaFilter>(
      PluginKind::kFilter, "echo_schema", "Brings events of every source to the echo-logs schema.",
      {}, echo::Examples());
}

}  // namespace tailrace
