// SPDX-License-Identifier: Apache-2.0
// The filter against what fluent-plugin-kubernetes_metadata_filter was recorded to give
// (tests/oracle/filter.ndjson), with a fake API that answers as the recording's did.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "config/load.h"
#include "event/json.h"
#include "kubernetes/fake_api.h"
#include "source_dir.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
PluginEntry KubernetesMetadataFilterPlugin();
namespace {

namespace dom = simdjson::dom;
using namespace std::chrono_literals;  // NOLINT: literals only
using test::FakeApi;
using test::ReceivedRequest;

// Just enough of an environment for a plugin that needs none of it.
class BareEnv : public PluginEnv {
 public:
  explicit BareEnv(const config::Element& element) : element_(element) {}
  LoadContext& load() override { return context_; }
  bool failed() const override { return problems_.HasErrors(); }
  const config::Element& element() const override { return element_; }
  std::string_view Reserved(std::string_view key) const override { return element_.Text(key); }
  std::string_view ArgumentOf(const config::Element& section) const override { return section.arg; }
  const std::string& id() const override { return id_; }
  const std::string& hostname() const override { return id_; }
  int worker() const override { return 0; }
  int workers() const override { return 1; }
  std::function<EventTime()> clock() const override {
    return [] { return EventTime{}; };
  }
  std::unique_ptr<Parser> MakeParser(const config::Element&) override { return nullptr; }
  std::unique_ptr<Formatter> MakeFormatter(const config::Element&) override { return nullptr; }
  std::unique_ptr<Output> MakeOutput(const config::Element&) override { return nullptr; }
  void UseLabel(const std::string&, const config::Element&) override {}
  std::function<bool(std::string_view, const Origin&)> writable() const override {
    return [](std::string_view, const Origin&) { return true; };
  }
  void Problem(const config::Element& where, std::string_view, std::string message) override {
    problems_.Error(where.location, std::move(message));
  }
  std::string ProblemsText() const { return config::Format(problems_); }

 private:
  const config::Element& element_;
  config::Problems problems_;
  LoadContext context_{problems_};
  std::string id_ = "test";
};

class NoContext : public EventContext {
 public:
  void Drop(Batch&, Row&, const char*) override { ADD_FAILURE(); }
  void MoveToError(Batch&, Row&, std::string_view) override { ADD_FAILURE(); }
  void CopyToError(Batch&, const Row&, std::string_view) override { ADD_FAILURE(); }
  void Joined(Batch&, Row&) override { ADD_FAILURE(); }
  void Forward(Batch&) override { ADD_FAILURE(); }
  void EmitTo(std::string_view, Batch&) override { ADD_FAILURE(); }
  std::unique_ptr<Batch> NewBatch() override { return nullptr; }
  void Recycle(std::unique_ptr<Batch>) override {}
};

class KubernetesMetadataTest : public testing::Test {
 protected:
  void SetUp() override { unsetenv("KUBERNETES_SERVICE_HOST"); }

  // Makes the filter from a <filter> section; null with `problems_` where it is refused.
  Filter* Make(const std::string& conf) {
    config::Problems problems;
    loaded_ = config::LoadText(conf, "test.conf", {}, &problems);
    EXPECT_FALSE(problems.HasErrors()) << config::Format(problems);
    BareEnv env(loaded_.root.elements.front());
    plugin_ = KubernetesMetadataFilterPlugin().make(env);
    problems_ = env.ProblemsText();
    if (env.failed()) return nullptr;
    return dynamic_cast<Filter*>(plugin_.get());
  }

  // One event through the filter, after it has become ready.
  std::string Run(Filter& filter, const std::string& tag, const std::string& record,
                  EventTime time = {1700000000, 0}, const std::string& path = "") {
    auto origin = std::make_shared<const Origin>(Origin{tag, path, ""});
    EXPECT_TRUE(test::Eventually([&] { return filter.Ready(*origin); }));
    return Apply(filter, origin, record, time);
  }
  static std::string Apply(Filter& filter, std::shared_ptr<const Origin> origin,
                           const std::string& record, EventTime time = {1700000000, 0}) {
    Batch batch;
    batch.set_origin(std::move(origin));
    const std::string text = record + std::string(json::kPadding, ' ');
    Row& row = batch.AddRow({text.data(), static_cast<uint32_t>(record.size()), 0, 0, 0});
    row.time = time;
    EXPECT_TRUE(json::ParseObject(std::string_view(text).substr(0, record.size()), batch, row));
    NoContext context;
    filter.Apply(batch, context);
    ByteBuffer out;
    json::AppendObject(batch, batch.rows().front(), out);
    return std::string(out.view());
  }

  config::Loaded loaded_;
  std::unique_ptr<Plugin> plugin_;
  std::string problems_;
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST_F(KubernetesMetadataTest, RecordedFromFluentd) {
  dom::parser parser;
  dom::document_stream cases;
  ASSERT_EQ(parser.load_many(SourcePath("tests/oracle/filter.ndjson"), 1 << 22).get(cases),
            simdjson::SUCCESS);
  int compared = 0;
  for (dom::element vector : cases) {
    std::string_view conf_view;
    if (vector["conf"].get(conf_view) != simdjson::SUCCESS ||
        conf_view.find("@type kubernetes_metadata") == std::string_view::npos) {
      continue;
    }
    const auto about = std::string(vector["about"].get_string().value());
    std::map<std::string, std::string> answers;
    dom::object api_answers;
    if (vector["input"]["kube_api"].get(api_answers) == simdjson::SUCCESS) {
      for (const auto& [path, answer] : api_answers) {
        answers[std::string(path)] = simdjson::minify(answer);
      }
    }
    FakeApi api([&](FakeApi::Connection& c, const ReceivedRequest& request, int) {
      const auto found = answers.find(request.target.substr(0, request.target.find('?')));
      if (found == answers.end()) return c.Answer(404, "{}");
      return c.Answer(200, found->second);
    });
    const std::string port = api.Url().substr(api.Url().rfind(':') + 1);
    Filter* filter = Make(Replaced(std::string(conf_view), "%PORT%", port));
    ASSERT_NE(filter, nullptr) << about << "\n" << problems_;
    const dom::array expected = vector["expect"]["events"].get_array().value();
    std::size_t i = 0;
    const dom::array events = vector["input"]["events"].get_array().value();
    for (dom::element event : events) {
      const dom::element record = event["record"].value();
      const dom::element expected_record = expected.at(i)["record"].value();
      const auto tag = std::string(event["tag"].get_string().value());
      const EventTime time{event["time"].at(0).get_int64().value(),
                           static_cast<int32_t>(event["time"].at(1).get_int64().value())};
      EXPECT_EQ(Run(*filter, tag, std::string(simdjson::minify(record)), time),
                Replaced(std::string(simdjson::minify(expected_record)), "%PORT%", port))
          << about;
      ++i;
      ++compared;
    }
  }
  EXPECT_GE(compared, 7);
}

const std::string kId(64, 'a');
const std::string kTag = "kubernetes.var.log.containers.web-0_ns_c-" + kId + ".log";

class KubernetesMetadataFileTest : public KubernetesMetadataTest {
 protected:
  void SetUp() override {
    KubernetesMetadataTest::SetUp();
    path_ = std::filesystem::temp_directory_path() / ("tailrace_km_" + std::to_string(getpid()));
    Write({test::PodJson("web-0", "u1", "1"), test::NamespaceJson("ns", "1")});
  }
  void TearDown() override {
    plugin_.reset();
    std::filesystem::remove(path_);
  }
  void Write(const std::vector<std::string>& items) {
    std::ofstream(path_.string() + ".new") << test::ListJson(items, "1");
    std::filesystem::rename(path_.string() + ".new", path_);
  }
  Filter* Open(const std::string& more = "") {
    return Make("<filter **>\n@type kubernetes_metadata\npods_file " + path_.string() + "\n" +
                more + "\n</filter>\n");
  }
  std::filesystem::path path_;
};

TEST_F(KubernetesMetadataFileTest, ReplacesMembersInTheirPlace) {
  Filter* filter = Open("skip_master_url true");
  ASSERT_NE(filter, nullptr) << problems_;
  EXPECT_EQ(Run(*filter, kTag, R"({"kubernetes":"old","log":"x"})"),
            R"({"kubernetes":{"container_name":"c","namespace_name":"ns","pod_name":"web-0",)"
            R"("pod_id":"u1","pod_ip":"10.0.0.1","host":"n1","labels":{"app":"x"},)"
            R"("namespace_id":"u-ns"},"log":"x","docker":{"container_id":")" +
                kId + R"("}})");
}

TEST_F(KubernetesMetadataFileTest, EchoShapeAndPath) {
  Filter* filter = Open("shape echo");
  ASSERT_NE(filter, nullptr) << problems_;
  const std::string expected =
      R"({"log":"x","kubernetes":{"namespace":"ns","pod_name":"web-0","container_name":"c",)"
      R"("node_name":"n1"}})";
  EXPECT_EQ(Run(*filter, kTag, R"({"log":"x"})"), expected);
  EXPECT_EQ(Run(*filter, "app", R"({"log":"x"})", {1, 0}, "/var/log/pods/ns_web-0_u1/c/0.log"),
            expected);
}

TEST_F(KubernetesMetadataFileTest, RecordNamesItsContainer) {
  Filter* filter = Open("skip_namespace_metadata true\nskip_labels true");
  const std::string record =
      R"({"docker":{"container_id":"abc"},"kubernetes":{"namespace_name":"ns","pod_name":"we\u0062-0",)"
      R"("container_name":"c","extra":1}})";
  EXPECT_EQ(
      Run(*filter, "any.tag", record),
      R"({"docker":{"container_id":"abc"},"kubernetes":{"container_name":"c",)"
      R"("namespace_name":"ns","pod_name":"web-0","pod_id":"u1","pod_ip":"10.0.0.1","host":"n1"}})");
  const std::string not_enough = R"({"docker":{},"kubernetes":{"namespace_name":"ns"}})";
  EXPECT_EQ(Run(*filter, "any.tag", not_enough), not_enough);
  filter = Open("lookup_from_k8s_field false");
  EXPECT_EQ(Run(*filter, "any.tag", R"({"docker":{},"kubernetes":{}})"),
            R"({"docker":{},"kubernetes":{}})");
}

TEST_F(KubernetesMetadataFileTest, UnknownPodWaitsABoundedTimeAndIsTakenUpWhenItComes) {
  Filter* filter = Open("wait_timeout 0.3");
  const auto origin =
      std::make_shared<const Origin>(Origin{"var.log.pods.ns_new_u9.c.0.log", "", ""});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(filter->Ready(*origin));
  EXPECT_TRUE(filter->Ready(Origin{kTag, "", ""})) << "other files are not held back";
  ASSERT_TRUE(test::Eventually([&] { return filter->Ready(*origin); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
  EXPECT_NE(Apply(*filter, origin, "{}").find(R"("pod_id":"u9","namespace_id":"u-ns")"),
            std::string::npos);
  Write({test::PodJson("web-0", "u1", "1"), test::PodJson("new", "u9", "2", "10.0.0.9"),
         test::NamespaceJson("ns", "1")});
  EXPECT_TRUE(test::Eventually([&] {
    return Apply(*filter, origin, "{}").find(R"("pod_ip":"10.0.0.9")") != std::string::npos;
  }));
}

TEST_F(KubernetesMetadataFileTest, DeletedPodKeepsItsMetadata) {
  Filter* filter = Open();
  const std::string before = Run(*filter, kTag, "{}");
  EXPECT_NE(before.find("10.0.0.1"), std::string::npos);
  Write({test::PodJson("other", "u2", "1"), test::NamespaceJson("ns", "1")});
  ASSERT_TRUE(test::Eventually([&] {
    return Run(*filter, "var.log.pods.ns_other_u2.c.0.log", "{}").find("u2") != std::string::npos;
  }));
  EXPECT_EQ(Run(*filter, kTag, "{}"), before);
}

TEST_F(KubernetesMetadataFileTest, OwnTagExpression) {
  Filter* filter = Open(
      R"(tag_to_kubernetes_name_regexp ^app\.(?<namespace>[^.]+)\.(?<pod_name>[^.]+)\.(?<container_name>.+)$)");
  ASSERT_NE(filter, nullptr) << problems_;
  const std::string result = Run(*filter, "app.ns.web-0.c", "{}");
  EXPECT_NE(result.find(R"("pod_id":"u1")"), std::string::npos) << result;
  EXPECT_EQ(result.find("docker"), std::string::npos);
  EXPECT_EQ(Run(*filter, kTag, "{}"), "{}");
}

TEST_F(KubernetesMetadataFileTest, AnnotationsByExpression) {
  Write(
      {R"({"metadata":{"name":"web-0","namespace":"ns","uid":"u1","annotations":{"z.b":"1","a":"2","z.a":"3"}}})"});
  Filter* filter = Open(R"(annotation_match ["^a$","^z\\."]
skip_namespace_metadata true)");
  ASSERT_NE(filter, nullptr) << problems_;
  const std::string result = Run(*filter, kTag, "{}");
  EXPECT_NE(result.find(R"("annotations":{"a":"2","z.b":"1","z.a":"3"})"), std::string::npos)
      << result;
}

TEST_F(KubernetesMetadataFileTest, WhatIsRefused) {
  EXPECT_EQ(Open("apiVersion v2"), nullptr);
  EXPECT_EQ(Open("kubernetes_url https://api"), nullptr);
  EXPECT_EQ(Open("shape other"), nullptr);
  EXPECT_EQ(Open("tag_to_kubernetes_name_regexp ^(?<namespace>x)$"), nullptr);
  EXPECT_NE(problems_.find("pod_name"), std::string::npos) << problems_;
  EXPECT_EQ(Open("tag_to_kubernetes_name_regexp (unclosed"), nullptr);
  EXPECT_EQ(Make("<filter>\n@type kubernetes_metadata\nkubeconfig /nonexistent/config\n</filter>"),
            nullptr);
  EXPECT_NE(problems_.find("/nonexistent/config"), std::string::npos) << problems_;
}

TEST_F(KubernetesMetadataTest, ApiThatIsAwayHoldsFilesBackForABoundedTime) {
  int port = 0;
  {
    port = test::FakeHttpServer([](test::FakeHttpServer::Connection&) {}).port();
  }
  Filter* filter = Make("<filter>\n@type kubernetes_metadata\nkubernetes_url http://127.0.0.1:" +
                        std::to_string(port) +
                        "\nwait_timeout 0.05\nfirst_list_timeout 0.3\nnode_name n\n</filter>");
  ASSERT_NE(filter, nullptr) << problems_;
  const Origin origin{kTag, "", ""};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(filter->Ready(origin));
  ASSERT_TRUE(test::Eventually([&] { return filter->Ready(origin); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
  EXPECT_EQ(
      Apply(*filter, std::make_shared<const Origin>(origin), "{}"),
      R"({"docker":{"container_id":")" + kId +
          R"("},"kubernetes":{"container_name":"c","namespace_name":"ns","pod_name":"web-0"}})");
}

}  // namespace
}  // namespace tailrace
