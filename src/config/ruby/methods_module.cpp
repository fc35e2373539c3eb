// SPDX-License-Identifier: Apache-2.0
// What expressions ask of classes and modules: ENV, File, Dir, Socket, Time, JSON and the like.
// Nothing here changes a file or runs a command.
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "config/include.h"
#include "config/ruby/methods.h"
#include "config/ruby/regexp.h"
#include "config/ruby/time.h"

namespace tailrace::config::ruby {
namespace {

std::optional<std::string> Environment(const Call& c, const std::string& name) {
  const auto& given = c.frame.host().environment;
  if (given) {
    const auto found = given->find(name);
    return found == given->end() ? std::nullopt : std::optional(found->second);
  }
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool EnvironmentAt(const Call& c) {
  std::string_view name;
  if (!c.Needs(1, 1) || !c.TextArg(0, &name)) return false;
  const auto value = Environment(c, std::string(name));
  return c.Give(value ? Value(*value) : Value());
}

bool EnvironmentFetch(const Call& c) {
  std::string_view name;
  if (!c.Needs(1, 2) || !c.TextArg(0, &name)) return false;
  if (const auto value = Environment(c, std::string(name))) return c.Give(*value);
  if (c.args.size() > 1) return c.Give(c.args[1]);
  if (c.block != nullptr) return c.Yield(c.args[0], c.out);
  return c.Raise("the environment variable " + std::string(name) + " is not set");
}

bool EnvironmentHas(const Call& c) {
  std::string_view name;
  return c.Needs(1, 1) && c.TextArg(0, &name) &&
         c.Give(Environment(c, std::string(name)).has_value());
}

bool EnvironmentHash(const Call& c) {
  Value hash = Value::MakeHash();
  if (const auto& given = c.frame.host().environment) {
    for (const auto& [name, value] : *given) hash.hash().Set(name, value);
  } else {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      const size_t equals = text.find('=');
      if (equals != std::string_view::npos) {
        hash.hash().Set(text.substr(0, equals), text.substr(equals + 1));
      }
    }
  }
  return c.Give(std::move(hash));
}

bool FileJoin(const Call& c) {
  std::string path;
  bool first = true;
  for (const auto& arg : c.args) {
    if (!arg.IsText())
      return c.Raise("File.join needs strings, not " + std::string(arg.ClassName()));
    std::string part = arg.text();
    if (!first) {
      while (path.ends_with('/')) path.pop_back();
      part.erase(0, std::min(part.find_first_not_of('/'), part.size()));
      path += "/";
    }
    path += part;
    first = false;
  }
  return c.Give(std::move(path));
}

bool FileRead(const Call& c) {
  std::string_view path;
  if (!c.Needs(1, 1) || !c.TextArg(0, &path)) return false;
  auto text = ReadFile(std::string(path));
  return text ? c.Give(std::move(*text)) : c.Raise(text.error().message);
}

bool FileTest(const Call& c) {
  std::string_view path;
  if (!c.Needs(1, 1) || !c.TextArg(0, &path)) return false;
  std::error_code error;
  const std::filesystem::path file(path);
  if (c.method == "file?") return c.Give(std::filesystem::is_regular_file(file, error));
  if (c.method == "directory?") return c.Give(std::filesystem::is_directory(file, error));
  if (c.method == "readable?") return c.Give(access(file.c_str(), R_OK) == 0);
  return c.Give(std::filesystem::exists(file, error));
}

bool FileBasename(const Call& c) {
  std::string_view path;
  std::string_view suffix;
  if (!c.Needs(1, 2) || !c.TextArg(0, &path) || (c.args.size() > 1 && !c.TextArg(1, &suffix))) {
    return false;
  }
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (path.size() > 1 && slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (suffix == ".*") {
    const size_t dot = path.rfind('.');
    if (dot != std::string_view::npos && dot > 0) path = path.substr(0, dot);
  } else if (!suffix.empty() && path != suffix && path.ends_with(suffix)) {
    path.remove_suffix(suffix.size());
  }
  return c.Give(path);
}

bool FileDirname(const Call& c) {
  std::string_view path;
  if (!c.Needs(1, 1) || !c.TextArg(0, &path)) return false;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return c.Give(".");
  while (slash > 0 && path[slash - 1] == '/') --slash;
  return c.Give(slash == 0 ? std::string_view("/") : path.substr(0, slash));
}

bool FileExtname(const Call& c) {
  std::string_view path;
  if (!c.Needs(1, 1) || !c.TextArg(0, &path)) return false;
  path = path.substr(path.rfind('/') + 1);
  const size_t dot = path.rfind('.');
  const bool has = dot != std::string_view::npos && dot > 0 && dot + 1 < path.size();
  return c.Give(has ? path.substr(dot) : std::string_view());
}

bool FileExpand(const Call& c) {
  std::string_view path;
  std::string_view directory = ".";
  if (!c.Needs(1, 2) || !c.TextArg(0, &path) || (c.args.size() > 1 && !c.TextArg(1, &directory))) {
    return false;
  }
  std::string full(path);
  if (full == "~" || full.starts_with("~/"))
    full = Environment(c, "HOME").value_or("") + full.substr(1);
  return c.Give(AbsolutePath(full, AbsolutePath(directory, ".")));
}

bool DirHome(const Call& c) {
  const auto home = Environment(c, "HOME");
  return home ? c.Give(*home) : c.Raise("couldn't find HOME environment variable");
}

bool DirGlob(const Call& c) {
  std::string_view pattern;
  if (!c.Needs(1, 1) || !c.TextArg(0, &pattern)) return false;
  Array found;
  for (auto& path : Glob(pattern)) found.emplace_back(std::move(path));
  return c.Give(Value::MakeArray(std::move(found)));
}

bool TimeAt(const Call& c) {
  if (!c.Needs(1, 3)) return false;
  const Value& arg = c.args[0];
  if (arg.Is<TimeValue>())
    return c.Give(LocalTime(arg.Get<TimeValue>().seconds, arg.Get<TimeValue>().nanoseconds));
  if (arg.Is<double>()) {
    const double seconds = arg.Get<double>();
    if (!(seconds > -1e15 && seconds < 1e15)) return c.Raise("the time is out of range");
    const double whole =
        seconds < 0 && seconds != static_cast<double>(static_cast<int64_t>(seconds))
            ? static_cast<double>(static_cast<int64_t>(seconds)) - 1
            : static_cast<double>(static_cast<int64_t>(seconds));
    return c.Give(
        LocalTime(static_cast<int64_t>(whole), static_cast<int32_t>((seconds - whole) * 1e9)));
  }
  int64_t seconds = 0;
  if (!c.IntegerArg(0, &seconds)) return false;
  if (seconds > 1'000'000'000'000'000 || seconds < -1'000'000'000'000'000) {
    return c.Raise("the time is out of range");
  }
  const bool milliseconds = c.args.size() > 2 && ToText(c.args[2]) == "millisecond";
  const bool nanoseconds = c.args.size() > 2 && ToText(c.args[2]).starts_with("nsec");
  const int64_t scale = milliseconds ? 1'000'000 : nanoseconds ? 1 : 1000;
  const int64_t fraction = c.IntegerOr(1, 0) % (1'000'000'000 / scale) * scale;
  return c.Give(LocalTime(seconds, static_cast<int32_t>(fraction)));
}

bool TimeParse(const Call& c) {
  std::string_view text;
  std::string_view format;
  const bool formatted = c.method == "strptime";
  if (!c.Needs(formatted ? 2 : 1, 2) || !c.TextArg(0, &text) ||
      (formatted && !c.TextArg(1, &format))) {
    return false;
  }
  const auto time =
      formatted ? ParseTime(text, format, c.frame.Now()) : ParseTime(text, c.frame.Now());
  return time ? c.Give(*time) : c.Raise("no time information in " + Inspect(c.args[0]));
}

bool JsonParse(const Call& c) {
  std::string_view text;
  if (!c.Needs(1, 2) || !c.TextArg(0, &text)) return false;
  Value value;
  JsonError error;
  if (!ParseJson(text, &value, &error)) return c.Raise("invalid JSON: " + error.message);
  return c.Give(std::move(value));
}

bool JsonGenerate(const Call& c) { return c.Needs(1, 2) && c.Give(ToJson(c.args[0])); }

std::string ToHex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char byte : bytes) {
    out.push_back(kHex[(byte >> 4) & 0xF]);
    out.push_back(kHex[byte & 0xF]);
  }
  return out;
}

bool HexDigest(const Call& c) {
  std::string_view text;
  if (!c.Needs(1, 1) || !c.TextArg(0, &text)) return false;
  const std::string& name = c.self.Get<Module>().name;
  const EVP_MD* digest = name.ends_with("MD5")      ? EVP_md5()
                         : name.ends_with("SHA1")   ? EVP_sha1()
                         : name.ends_with("SHA512") ? EVP_sha512()
                                                    : EVP_sha256();
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, digest, nullptr) != 1) {
    return c.Raise("the digest " + name + " is not available");
  }
  return c.Give(ToHex({reinterpret_cast<const char*>(out.data()), size}));
}

bool Base64(const Call& c) {
  std::string_view text;
  if (!c.Needs(1, 1) || !c.TextArg(0, &text)) return false;
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  if (c.method.find("encode") != std::string_view::npos) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), in,
                                     static_cast<int>(text.size()));
    out.resize(static_cast<size_t>(size));
    if (c.method == "encode64") {  // in lines of 60
      for (size_t at = 60; at < out.size(); at += 61) out.insert(at, 1, '\n');
      if (!out.empty()) out.push_back('\n');
    }
    return c.Give(std::move(out));
  }
  std::string packed;
  for (const char ch : text) {
    if (!IsBlankText(ch)) packed.push_back(ch);
  }
  std::string out(packed.size() / 4 * 3 + 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return c.Raise("invalid base64");
  size_t padding = 0;
  while (padding < 2 && padding < packed.size() && packed[packed.size() - 1 - padding] == '=')
    ++padding;
  out.resize(static_cast<size_t>(size) - padding);
  return c.Give(std::move(out));
}

bool SecureRandom(const Call& c) {
  std::array<unsigned char, 64> bytes{};
  const int64_t wanted = c.IntegerOr(0, 16);
  if (wanted < 1 || wanted > std::ssize(bytes)) return c.Raise("1 to 64 bytes are supported");
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return c.Raise("no random bytes");
  if (c.method == "hex") {
    return c.Give(
        ToHex({reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(wanted)}));
  }
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string uuid = ToHex({reinterpret_cast<const char*>(bytes.data()), 16});
  for (const size_t at : {8u, 13u, 18u, 23u}) uuid.insert(at, 1, '-');
  return c.Give(std::move(uuid));
}

// IPAddr.new gives the address as text; strings know ipv4? and ipv6?.
bool IpAddress(const Call& c) {
  std::string_view text;
  if (!c.Needs(1, 1) || !c.TextArg(0, &text)) return false;
  std::string address(text);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, address.c_str(), bytes.data()) != 1) continue;
    inet_ntop(family, bytes.data(), shown.data(), shown.size());
    return c.Give(std::string(shown.data()));
  }
  return c.Raise("invalid address: " + address);
}

bool RegexpNew(const Call& c) {
  std::string_view source;
  if (!c.Needs(1, 2) || !c.TextArg(0, &source)) return false;
  auto regexp = RubyRegexp::Compile(source, c.args.size() > 1 && c.args[1].Truthy() ? "i" : "");
  return regexp ? c.Give(Value(std::move(*regexp))) : c.Raise(regexp.error().message);
}

bool RegexpEscape(const Call& c) {
  std::string_view text;
  if (!c.Needs(1, 1) || !c.TextArg(0, &text)) return false;
  std::string out;
  for (const char ch : text) {
    static constexpr std::string_view kSpecial = ".*?+^$|\\()[]{}-#";
    static constexpr std::string_view kBlanks = "\n\t\r\f\v ";
    static constexpr std::string_view kNames = "ntrfv ";
    if (kSpecial.find(ch) != std::string_view::npos) {
      out += {'\\', ch};
    } else if (const size_t at = kBlanks.find(ch); at != std::string_view::npos) {
      out += {'\\', kNames[at]};
    } else {
      out.push_back(ch);
    }
  }
  return c.Give(std::move(out));
}

constexpr Entry kModule[] = {
    {"ENV.[]", EnvironmentAt},
    {"ENV.fetch", EnvironmentFetch},
    {"ENV.key?", EnvironmentHas},
    {"ENV.has_key?", EnvironmentHas},
    {"ENV.include?", EnvironmentHas},
    {"ENV.member?", EnvironmentHas},
    {"ENV.to_h", EnvironmentHash},
    {"File.join", FileJoin},
    {"File.read", FileRead},
    {"File.exist?", FileTest},
    {"File.file?", FileTest},
    {"File.directory?", FileTest},
    {"File.readable?", FileTest},
    {"File.basename", FileBasename},
    {"File.dirname", FileDirname},
    {"File.extname", FileExtname},
    {"File.expand_path", FileExpand},
    {"Dir.home", DirHome},
    {"Dir.pwd", [](const Call& c) { return c.Give(AbsolutePath(".", ".")); }},
    {"Dir.glob", DirGlob},
    {"Dir.[]", DirGlob},
    {"Dir.exist?",
     [](const Call& c) {
       std::string_view path;
       std::error_code error;
       return c.Needs(1, 1) && c.TextArg(0, &path) &&
              c.Give(std::filesystem::is_directory(std::filesystem::path(path), error));
     }},
    {"Socket.gethostname", [](const Call& c) { return c.Give(c.frame.host().hostname); }},
    {"Process.pid", [](const Call& c) { return c.Give(static_cast<int64_t>(getpid())); }},
    {"Time.now", [](const Call& c) { return c.Give(c.frame.Now()); }},
    {"Time.at", TimeAt},
    {"Time.parse", TimeParse},
    {"Time.iso8601", TimeParse},
    {"Time.strptime", TimeParse},
    {"DateTime.parse", TimeParse},
    {"DateTime.now", [](const Call& c) { return c.Give(c.frame.Now()); }},
    {"JSON.parse", JsonParse},
    {"JSON.load", JsonParse},
    {"JSON.generate", JsonGenerate},
    {"JSON.dump", JsonGenerate},
    {"Digest::MD5.hexdigest", HexDigest},
    {"Digest::SHA1.hexdigest", HexDigest},
    {"Digest::SHA256.hexdigest", HexDigest},
    {"Digest::SHA2.hexdigest", HexDigest},
    {"Digest::SHA512.hexdigest", HexDigest},
    {"Base64.strict_encode64", Base64},
    {"Base64.encode64", Base64},
    {"Base64.strict_decode64", Base64},
    {"Base64.decode64", Base64},
    {"SecureRandom.hex", SecureRandom},
    {"SecureRandom.uuid", SecureRandom},
    {"IPAddr.new", IpAddress},
    {"Regexp.new", RegexpNew},
    {"Regexp.escape", RegexpEscape},
};

}  // namespace

std::span<const Entry> ModuleMethods() { return kModule; }

}  // namespace tailrace::config::ruby
