// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters, declared once. A plugin keeps its parameters in a struct whose members have their
// defaults as initialisers, and one schema() that names each member in a sentence:
//
//   struct TailParams {
//     std::vector<std::string> path;
//     Seconds refresh_interval{60};
//     std::vector<RuleParams> rules;
//     std::vector<RawSection> parse;
//     static const Schema<TailParams>& schema() {
//       static const auto s =
//           Schema<TailParams>()
//               .Param("path", &TailParams::path, "Files to read.", {.required = true})
//               .Param("refresh_interval", &TailParams::refresh_interval,
//                      "How often the list of files is read anew.", {.min = 0.1})
//               .Section("rule", &TailParams::rules, "Keep only these lines.")
//               .RawSection("parse", &TailParams::parse, "How a line is read.", {.required = true})
//               .Check([](const TailParams& p) { return p.path.empty() ? "no path" : ""; });
//       return s;
//     }
//   };
//   auto params = Load<TailParams>(element, context);
//
// Validation with file, line and "did you mean", `tailrace plugins NAME`, the reference pages and
// `tailrace config --effective` all come from this table.
//
// Text becomes values exactly as in Fluentd; where the result would surprise ("1.5m" is 5 MiB,
// "on" is no boolean) a warning says so, or an error in strict mode.
// Schemas are immutable once built; Load may run on any thread with a LoadContext of its own.

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tailrace {

namespace config {
struct Element;
class Problems;
class Value;
}  // namespace config

// ---- Member types: besides these std::string, bool, int, int64_t, double, enums with a
// ParamNames(), std::vector<T>, std::vector<std::pair<std::string, T>> (a hash, in order) and
// std::optional<T> (a parameter whose default is nil).

struct Size {  // bytes: `8m`, `10KiB`
  int64_t bytes = 0;
  bool operator==(const Size&) const = default;
};

struct Seconds {  // `30`, `1.5`, `5m`, `1h`, `1d`
  double value = 0;
  bool operator==(const Seconds&) const = default;
};

struct Secret {  // text that no log line and no dump may show
  std::string value;
  bool operator==(const Secret&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Secret& secret);  // writes xxxxxx

struct RegexpLiteral {  // `/source/im`, or a bare pattern; known to compile
  std::string source;
  bool ignore_case = false;  // i
  bool multi_line = false;   // m: the dot matches newlines
  bool operator==(const RegexpLiteral&) const = default;
};

struct FileMode {  // octal, as `0644`
  uint32_t bits = 0;
  bool operator==(const FileMode&) const = default;
};

struct JsonText {  // any JSON value, as compact JSON text
  std::string text = "null";
  bool operator==(const JsonText&) const = default;
};

struct SymbolName {  // text, with or without a leading colon
  std::string name;
  bool operator==(const SymbolName&) const = default;
};

// Keys and texts of a section whose keys are free; no text is nil.
using FreeParams = std::vector<std::pair<std::string, std::optional<std::string>>>;

// A section that another plugin will load: <parse>, <buffer>, <format>, <store>. Owns a copy.
using RawSection = std::shared_ptr<const config::Element>;

// The names of an enum's values: a function found beside the enum,
//   inline EnumNames ParamNames(Mode) { return {{"gzip", int(Mode::kGzip)}, ...}; }
using EnumNames = std::vector<std::pair<std::string_view, int>>;

// What loading needs to know besides the text, and where it puts what is wrong.
struct LoadContext {
  config::Problems& problems;
  bool strict_config_value = false;  // Fluentd's: casts refuse what they cannot read as a whole
  bool strict = false;  // surprising values, unknown parameters and sections are errors
};

struct ParamOptions {
  bool required = false;
  bool secret = false;
  bool hidden = false;            // accepted, but not in the reference
  std::string_view deprecated{};  // what to use instead
  std::string_view obsoleted{};   // why it is gone: using it is an error
  std::string_view unused{};      // accepted, without effect: why; using it is a warning
  std::vector<std::string_view> aliases{};
  std::optional<double> min{};  // in bytes, seconds or the number itself
  std::optional<double> max{};
};

struct SectionOptions {
  bool required = false;
  bool many = true;  // may stand more than once; std::optional: never
  // For raw sections: the @type that is meant where the section has none. Where the section is not
  // written at all, an empty one of this type is made.
  std::string_view default_type{};
  std::vector<std::string_view> aliases{};
};

namespace params {

// How one value is read. Collects what is to be said about it.
struct Cast {
  bool strict = false;
  std::string error{};
  struct Remark {
    std::string message;
    std::string suggestion;
  };
  std::vector<Remark> remarks{};  // surprising, but valid

  bool Fail(std::string message) {
    if (error.empty()) error = std::move(message);
    return false;
  }
};

// One member type, without its C++ type. All functions are given the member's address.
struct Type {
  std::string name;  // "string", "array of size"
  bool (*decode)(const config::Value& in, void* out, Cast& cast) = nullptr;
  void (*encode)(const void* in, std::string* json) = nullptr;
  bool (*is_nil)(const void* in) = nullptr;    // only for optional members
  void (*reset)(void* out) = nullptr;          // makes an optional member nil
  double (*number)(const void* in) = nullptr;  // for the bounds; not called on nil
  bool secret = false;
  EnumNames names{};
};

struct Spec;
struct ParamSpec {
  std::string_view name;
  std::string_view sentence;
  ParamOptions options;
  Type type;
  size_t offset = 0;
};

struct SectionSpec {
  std::string_view name;
  std::string_view sentence;
  SectionOptions options;
  size_t offset = 0;
  const Spec& (*spec)() = nullptr;  // null for raw sections
  // Adds an element to the member and returns its address (of the member itself where it is no
  // vector). The raw form stores a copy of `element`.
  void* (*add)(void* member, const config::Element& element) = nullptr;
  size_t (*size)(const void* member) = nullptr;
  const void* (*at)(const void* member, size_t index) = nullptr;
  bool always = false;  // a plain struct member: there even if the section is not written
};

using ErasedCheck = void (*)();
struct CheckSpec {
  ErasedCheck check = nullptr;
  std::string (*run)(ErasedCheck check, const void* params) = nullptr;
};

// The table of one struct.
struct Spec {
  std::vector<ParamSpec> params{};
  std::vector<SectionSpec> sections{};
  std::vector<CheckSpec> checks{};
  std::optional<ParamSpec> argument{};
  bool pass_through = false;
  std::optional<size_t> free_params{};  // offset of a FreeParams
  std::shared_ptr<const void> defaults{};
  std::shared_ptr<void> (*make)() = nullptr;  // a default-made struct, for LoadInto()
};

// Scalars, in params_cast.cpp.
#define TAILRACE_SCALAR_PARAM(T)                            \
  std::string TypeName(const T*);                           \
  bool Decode(const config::Value& in, T* out, Cast& cast); \
  void Encode(const T& in, std::string* json)
TAILRACE_SCALAR_PARAM(std::string);
TAILRACE_SCALAR_PARAM(bool);
TAILRACE_SCALAR_PARAM(int);
TAILRACE_SCALAR_PARAM(int64_t);
TAILRACE_SCALAR_PARAM(double);
TAILRACE_SCALAR_PARAM(Size);
TAILRACE_SCALAR_PARAM(Seconds);
TAILRACE_SCALAR_PARAM(Secret);
TAILRACE_SCALAR_PARAM(RegexpLiteral);
TAILRACE_SCALAR_PARAM(FileMode);
TAILRACE_SCALAR_PARAM(JsonText);
TAILRACE_SCALAR_PARAM(SymbolName);
#undef TAILRACE_SCALAR_PARAM

// Shared halves of the compound types.
bool IsNilValue(const config::Value& in);
bool DecodeMaybeBool(const config::Value& in, std::optional<bool>* out, Cast& cast);
bool DecodeEnum(const config::Value& in, const EnumNames& names, int* out, Cast& cast);
void EncodeEnum(const EnumNames& names, int in, std::string* json);
bool DecodeArray(const config::Value& in, void* out, Cast& cast,
                 bool (*add)(const config::Value& item, void* out, Cast& cast));
bool DecodeHash(const config::Value& in, void* out, Cast& cast,
                bool (*add)(const std::string& key, const config::Value& item, void* out,
                            Cast& cast));
void EncodeKey(const std::string& key, std::string* json);
RawSection CopySection(const config::Element& element);

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {
  using Inner = T;
};

template <typename T>
struct Codec {
  static std::string Name() {
    if constexpr (std::is_enum_v<T>) {
      return "enum";
    } else {
      return TypeName(static_cast<const T*>(nullptr));
    }
  }
  static bool Read(const config::Value& in, T* out, Cast& cast) {
    if constexpr (std::is_enum_v<T>) {
      int value = 0;
      if (!DecodeEnum(in, ParamNames(T{}), &value, cast)) return false;
      *out = static_cast<T>(value);
      return true;
    } else {
      return Decode(in, out, cast);
    }
  }
  static void Write(const T& in, std::string* json) {
    if constexpr (std::is_enum_v<T>) {
      EncodeEnum(ParamNames(T{}), static_cast<int>(in), json);
    } else {
      Encode(in, json);
    }
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  static std::string Name() { return Codec<T>::Name(); }
  static bool Read(const config::Value& in, std::optional<T>* out, Cast& cast) {
    if (IsNilValue(in)) {
      out->reset();
      return true;
    }
    T value{};
    if (!Codec<T>::Read(in, &value, cast)) return false;
    *out = std::move(value);
    return true;
  }
  static void Write(const std::optional<T>& in, std::string* json) {
    if (in) {
      Codec<T>::Write(*in, json);
    } else {
      *json += "null";
    }
  }
};

// A text that is no boolean counts as nil.
template <>
struct Codec<std::optional<bool>> {
  static std::string Name() { return Codec<bool>::Name(); }
  static bool Read(const config::Value& in, std::optional<bool>* out, Cast& cast) {
    return DecodeMaybeBool(in, out, cast);
  }
  static void Write(const std::optional<bool>& in, std::string* json) {
    *json += !in ? "null" : *in ? "true" : "false";
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  static std::string Name() { return "array of " + Codec<T>::Name(); }
  static bool Read(const config::Value& in, std::vector<T>* out, Cast& cast) {
    out->clear();
    return DecodeArray(in, out, cast, [](const config::Value& item, void* to, Cast& c) {
      T value{};
      if (!Codec<T>::Read(item, &value, c)) return false;
      static_cast<std::vector<T>*>(to)->push_back(std::move(value));
      return true;
    });
  }
  static void Write(const std::vector<T>& in, std::string* json) {
    *json += '[';
    for (size_t i = 0; i < in.size(); ++i) {
      if (i > 0) *json += ',';
      Codec<T>::Write(in[i], json);
    }
    *json += ']';
  }
};

template <typename T>
struct Codec<std::vector<std::pair<std::string, T>>> {
  using Hash = std::vector<std::pair<std::string, T>>;
  static std::string Name() { return "hash of " + Codec<T>::Name(); }
  static bool Read(const config::Value& in, Hash* out, Cast& cast) {
    out->clear();
    return DecodeHash(in, out, cast,
                      [](const std::string& key, const config::Value& item, void* to, Cast& c) {
                        T value{};
                        if (!Codec<T>::Read(item, &value, c)) return false;
                        static_cast<Hash*>(to)->emplace_back(key, std::move(value));
                        return true;
                      });
  }
  static void Write(const Hash& in, std::string* json) {
    *json += '{';
    for (size_t i = 0; i < in.size(); ++i) {
      if (i > 0) *json += ',';
      EncodeKey(in[i].first, json);
      Codec<T>::Write(in[i].second, json);
    }
    *json += '}';
  }
};

template <typename T>
struct Bare {
  using type = T;
};
template <typename T>
struct Bare<std::optional<T>> {
  using type = T;
};

// What bounds are compared with.
template <typename T>
constexpr bool kHasBounds = (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) ||
                            std::is_same_v<T, Size> || std::is_same_v<T, Seconds>;
template <typename T>
double NumberOf(const T& in) {
  return static_cast<double>(in);
}
inline double NumberOf(const Size& in) { return static_cast<double>(in.bytes); }
inline double NumberOf(const Seconds& in) { return in.value; }

template <typename T>
Type TypeOf() {
  using Inner = typename Bare<T>::type;
  Type type;
  type.name = Codec<T>::Name();
  type.decode = [](const config::Value& in, void* out, Cast& cast) {
    return Codec<T>::Read(in, static_cast<T*>(out), cast);
  };
  type.encode = [](const void* in, std::string* json) {
    Codec<T>::Write(*static_cast<const T*>(in), json);
  };
  type.secret = std::is_same_v<Inner, Secret>;
  if constexpr (IsOptional<T>::value) {
    type.is_nil = [](const void* in) { return !static_cast<const T*>(in)->has_value(); };
    type.reset = [](void* out) { static_cast<T*>(out)->reset(); };
  }
  if constexpr (kHasBounds<Inner>) {
    type.number = [](const void* in) {
      if constexpr (IsOptional<T>::value) {
        return NumberOf(**static_cast<const T*>(in));
      } else {
        return NumberOf(*static_cast<const T*>(in));
      }
    };
  }
  if constexpr (std::is_enum_v<Inner>) type.names = ParamNames(Inner{});
  return type;
}

// Fills `params` (a default-made struct of this table) from the element.
void LoadInto(const Spec& spec, const config::Element& element, void* params, LoadContext& context);

template <typename M>
struct Many {  // a plain member or std::optional: one section
  using Sub = typename Bare<M>::type;
  static constexpr bool kMany = false;
  static void* Add(void* member, const config::Element&) {
    if constexpr (IsOptional<M>::value) {
      return &static_cast<M*>(member)->emplace();
    } else {
      return member;
    }
  }
  static size_t Count(const void* member) {
    if constexpr (IsOptional<M>::value) return static_cast<const M*>(member)->has_value() ? 1 : 0;
    return 1;
  }
  static const void* At(const void* member, size_t) {
    if constexpr (IsOptional<M>::value) {
      return &**static_cast<const M*>(member);
    } else {
      return member;
    }
  }
};
template <typename S>
struct Many<std::vector<S>> {
  using Sub = S;
  static constexpr bool kMany = true;
  static void* Add(void* member, const config::Element&) {
    return &static_cast<std::vector<S>*>(member)->emplace_back();
  }
  static size_t Count(const void* member) {
    return static_cast<const std::vector<S>*>(member)->size();
  }
  static const void* At(const void* member, size_t index) {
    return &(*static_cast<const std::vector<S>*>(member))[index];
  }
};

}  // namespace params

// The table of the parameters struct P. Build once, in P::schema().
template <class P>
class Schema {
 public:
  Schema() : defaults_(std::make_shared<P>()) {
    spec_.defaults = defaults_;
    spec_.make = []() -> std::shared_ptr<void> { return std::make_shared<P>(); };
  }

  template <typename M, class Owner>
  Schema& Param(std::string_view name, M Owner::*member, std::string_view sentence,
                ParamOptions options = {}) {
    spec_.params.push_back(
        {name, sentence, std::move(options), params::TypeOf<M>(), Offset(member)});
    return *this;
  }

  // The text after the section's name, as in <buffer tag,time>.
  template <typename M, class Owner>
  Schema& Argument(std::string_view name, M Owner::*member, std::string_view sentence,
                   ParamOptions options = {}) {
    spec_.argument =
        params::ParamSpec{name, sentence, std::move(options), params::TypeOf<M>(), Offset(member)};
    return *this;
  }

  // A section with a struct of its own: std::vector<Sub> (any number), std::optional<Sub> (at most
  // one), or Sub (at most one, and its defaults apply where it is not written).
  template <typename M, class Owner>
  Schema& Section(std::string_view name, M Owner::*member, std::string_view sentence,
                  SectionOptions options = {}) {
    using Shape = params::Many<M>;
    options.many = options.many && Shape::kMany;
    spec_.sections.push_back({name, sentence, std::move(options), Offset(member),
                              []() -> const params::Spec& { return Shape::Sub::schema().spec(); },
                              &Shape::Add, &Shape::Count, &Shape::At,
                              !Shape::kMany && !params::IsOptional<M>::value});
    return *this;
  }

  // A section that another plugin loads: the member is std::vector<tailrace::RawSection>.
  template <class Owner>
  Schema& RawSection(std::string_view name, std::vector<tailrace::RawSection> Owner::*member,
                     std::string_view sentence, SectionOptions options = {}) {
    using List = std::vector<tailrace::RawSection>;
    spec_.sections.push_back(
        {name, sentence, std::move(options), Offset(member), nullptr,
         [](void* list, const config::Element& element) -> void* {
           static_cast<List*>(list)->push_back(params::CopySection(element));
           return nullptr;
         },
         [](const void* list) { return static_cast<const List*>(list)->size(); },
         [](const void* list, size_t index) -> const void* {
           return (*static_cast<const List*>(list))[index].get();
         },
         false});
    return *this;
  }

  // A rule across parameters: returns what is wrong, or an empty text. Runs only when every single
  // parameter is fine.
  Schema& Check(std::string (*check)(const P&)) {
    spec_.checks.push_back({reinterpret_cast<params::ErasedCheck>(check),
                            [](params::ErasedCheck erased, const void* params) {
                              auto typed = reinterpret_cast<std::string (*)(const P&)>(erased);
                              return typed(*static_cast<const P*>(params));
                            }});
    return *this;
  }
  template <typename F>
  Schema& Check(F check) {
    static_assert(std::is_empty_v<F>, "a check captures nothing");
    static F kept = check;
    return Check(static_cast<std::string (*)(const P&)>(
        [](const P& params) { return std::string(kept(params)); }));
  }

  // Takes over the table of a struct that P derives from.
  template <class Base>
  Schema& Inherit() {
    static_assert(std::is_base_of_v<Base, P>);
    const P& whole = *defaults_;
    const size_t shift =
        static_cast<size_t>(reinterpret_cast<const char*>(static_cast<const Base*>(&whole)) -
                            reinterpret_cast<const char*>(&whole));
    InheritSpec(Base::schema().spec(), shift);
    return *this;
  }

  // The section's keys are free (<record>, <labels>): none is unknown.
  Schema& PassThrough() {
    spec_.pass_through = true;
    return *this;
  }
  // The same, and those that the table does not name are kept, in order.
  template <class Owner>
  Schema& PassThrough(FreeParams Owner::*member) {
    spec_.free_params = Offset(member);
    return PassThrough();
  }

  const params::Spec& spec() const { return spec_; }

 private:
  template <typename M, class Owner>
  size_t Offset(M Owner::*member) const {
    const P& whole = *defaults_;
    return static_cast<size_t>(reinterpret_cast<const char*>(&(whole.*member)) -
                               reinterpret_cast<const char*>(&whole));
  }
  void InheritSpec(const params::Spec& base, size_t shift) {
    for (auto param : base.params) {
      param.offset += shift;
      spec_.params.push_back(std::move(param));
    }
    for (auto section : base.sections) {
      section.offset += shift;
      spec_.sections.push_back(std::move(section));
    }
  }

  std::shared_ptr<P> defaults_;
  params::Spec spec_{};
};

// Reads the element into a P. What is wrong goes to context.problems; the result is only
// meaningful if no error was added.
template <class P>
P Load(const config::Element& element, LoadContext& context) {
  P loaded{};
  params::LoadInto(P::schema().spec(), element, &loaded, context);
  return loaded;
}

}  // namespace tailrace
