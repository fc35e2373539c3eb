// SPDX-License-Identifier: Apache-2.0
// List and watch against an API server that misbehaves on purpose. The same against a real one:
// tests/integration/kubernetes_test.py.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kubernetes/fake_api.h"
#include "kubernetes/pod_source.h"

namespace tailrace::kubernetes {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals only
using test::EventJson;
using test::Eventually;
using test::FakeApi;
using test::ListJson;
using test::PodJson;
using test::ReceivedRequest;
using test::StatusJson;
using Connection = FakeApi::Connection;

bool IsWatch(const ReceivedRequest& request) {
  return request.target.find("watch=1") != std::string::npos;
}
bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class PodWatchTest : public testing::Test {
 protected:
  std::unique_ptr<PodSource> Start(const FakeApi& api, bool namespaces = false,
                                   const std::string& node = "n1") {
    return StartWith(api.Config(), namespaces, node);
  }
  std::unique_ptr<PodSource> StartWith(const ClientConfig& config, bool namespaces = false,
                                       const std::string& node = "n1") {
    PodSourceOptions options;
    options.api = config;
    options.node_name = node;
    options.namespaces = namespaces;
    options.backoff = {.wait = 0.02, .max_interval = 0.1, .randomize_first = true};
    return MakePodWatch(options);
  }
  static std::string IpOf(PodSource& source, const std::string& name) {
    const auto snapshot = source.cache().snapshot();
    const PodMeta* pod = snapshot->Find("ns", name);
    return pod == nullptr ? "none" : pod->ip;
  }
};

TEST_F(PodWatchTest, PagedListThenEvents) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int) {
    if (Has(request.target, "continue=tok%2F2"))
      return c.Answer(200, ListJson({PodJson("b", "2", "9")}, "100"));
    if (!IsWatch(request)) return c.Answer(200, ListJson({PodJson("a", "1", "8")}, "100", "tok/2"));
    FakeApi::BeginWatch(c);
    // Events come in pieces that do not end where the events do.
    const std::string events = EventJson("ADDED", PodJson("c", "3", "101")) +
                               EventJson("MODIFIED", PodJson("a", "1", "102", "10.9.9.9")) +
                               EventJson("DELETED", PodJson("b", "2", "103"));
    FakeApi::SendPiece(c, events.substr(0, 30));
    c.Wait(20ms);
    FakeApi::SendPiece(c, events.substr(30, 300));
    c.Wait(20ms);
    FakeApi::SendPiece(c, events.substr(330));
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return IpOf(*source, "a") == "10.9.9.9"; }));
  EXPECT_EQ(IpOf(*source, "b"), "10.0.0.1") << "deleted pods stay for their files";
  EXPECT_EQ(IpOf(*source, "c"), "10.0.0.1");
  EXPECT_TRUE(source->cache().snapshot()->complete());
  const auto requests = api.Requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0],
            "GET /api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dn1&resourceVersion=0");
  EXPECT_EQ(requests[1],
            "GET /api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dn1&continue=tok%2F2");
  EXPECT_TRUE(Has(requests[2], "allowWatchBookmarks=true")) << requests[2];
  EXPECT_TRUE(Has(requests[2], "resourceVersion=100&")) << requests[2];
}

TEST_F(PodWatchTest, BrokenWatchGoesOnAtTheLastVersionWithoutAList) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int n) {
    if (!IsWatch(request)) return c.Answer(200, ListJson({PodJson("a", "1", "8")}, "100"));
    FakeApi::BeginWatch(c);
    if (n == 1) {
      FakeApi::SendPiece(
          c, EventJson("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"150"}})"));
      return false;  // dies without an end
    }
    if (n == 2) {
      FakeApi::SendPiece(c, EventJson("ADDED", PodJson("b", "2", "160")));
      FakeApi::EndWatch(c);  // ends in order
      return true;
    }
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return api.Requests().size() == 4; }));
  EXPECT_EQ(IpOf(*source, "b"), "10.0.0.1");
  EXPECT_TRUE(Has(api.Requests()[2], "resourceVersion=150&"));
  EXPECT_TRUE(Has(api.Requests()[3], "resourceVersion=160&"));
}

// Both shapes of "your version is too old": the list after it must be of the newest state.
class PodWatchExpiredTest : public PodWatchTest, public testing::WithParamInterface<bool> {};

TEST_P(PodWatchExpiredTest, ListsAgain) {
  const bool as_http_status = GetParam();
  FakeApi api([&](Connection& c, const ReceivedRequest& request, int n) {
    const std::string gone = StatusJson(410, "Expired", "too old resource version: 100 (200)");
    if (n == 0) {
      return c.Answer(200, ListJson({PodJson("a", "1", "8"), PodJson("b", "2", "9")}, "100"));
    }
    if (n == 1 && as_http_status) return c.Answer(410, gone);
    if (n == 1) {
      FakeApi::BeginWatch(c);
      return FakeApi::SendPiece(c, EventJson("ERROR", gone)) && FakeApi::EndWatch(c);
    }
    if (!IsWatch(request)) {
      return c.Answer(200, ListJson({PodJson("a", "1", "201", "10.2.2.2")}, "300"));
    }
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return api.Requests().size() == 4; }));
  EXPECT_EQ(IpOf(*source, "a"), "10.2.2.2");
  EXPECT_EQ(IpOf(*source, "b"), "10.0.0.1");
  EXPECT_FALSE(Has(api.Requests()[2], "resourceVersion=0")) << "the cache may be as old as we are";
  EXPECT_TRUE(Has(api.Requests()[3], "resourceVersion=300&"));
}

INSTANTIATE_TEST_SUITE_P(Shapes, PodWatchExpiredTest, testing::Bool());

TEST_F(PodWatchTest, ExpiredPageBeginsTheListAnew) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int n) {
    if (n == 0) return c.Answer(200, ListJson({PodJson("old", "1", "8")}, "100", "t"));
    if (n == 1)
      return c.Answer(410,
                      StatusJson(410, "Expired", "The provided continue parameter is too old"));
    if (!IsWatch(request)) return c.Answer(200, ListJson({PodJson("new", "2", "8")}, "200"));
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return source->cache().snapshot()->complete(); }));
  EXPECT_EQ(IpOf(*source, "new"), "10.0.0.1");
  ASSERT_TRUE(Eventually([&] { return api.Requests().size() == 4; }));
  EXPECT_TRUE(Has(api.Requests()[3], "resourceVersion=200&"));
}

// What goes wrong on the way to the list, each followed by a good answer: it is tried again.
class PodWatchTroubleTest : public PodWatchTest,
                            public testing::WithParamInterface<std::function<bool(Connection&)>> {};

TEST_P(PodWatchTroubleTest, IsTriedAgain) {
  FakeApi api([&](Connection& c, const ReceivedRequest& request, int n) {
    if (n < 2) return GetParam()(c);
    if (!IsWatch(request)) return c.Answer(200, ListJson({PodJson("a", "1", "8")}, "100"));
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return source->cache().snapshot()->complete(); }));
  EXPECT_EQ(IpOf(*source, "a"), "10.0.0.1");
}

INSTANTIATE_TEST_SUITE_P(
    Answers, PodWatchTroubleTest,
    testing::Values(
        [](Connection& c) {
          return c.Answer(401, StatusJson(401, "Unauthorized", "Unauthorized"));
        },
        [](Connection& c) {
          return c.Answer(403, StatusJson(403, "Forbidden", "pods is forbidden"));
        },
        [](Connection& c) { return c.Answer(500, "internal"); },
        [](Connection& c) { return c.Answer(429, "", "Retry-After: 1\r\n"); },
        [](Connection& c) { return c.Answer(200, "<html>a proxy's login page</html>"); },
        [](Connection& c) { return c.Answer(200, "{\"kind\":\"PodList\",\"items\":[]}"); },
        [](Connection& c) {
          c.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"kind\":\"PodL");
          return false;
        },
        [](Connection&) { return false; }));

TEST_F(PodWatchTest, DamagedEventLeadsToANewList) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int n) {
    if (!IsWatch(request)) {
      return c.Answer(200,
                      ListJson({PodJson("a", "1", "8", n == 0 ? "1.1.1.1" : "2.2.2.2")}, "100"));
    }
    FakeApi::BeginWatch(c);
    if (n == 1) FakeApi::SendPiece(c, "{\"type\":\"ADDED\",\"object\":{\"meta\n");
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  EXPECT_TRUE(Eventually([&] { return IpOf(*source, "a") == "2.2.2.2"; }));
}

TEST_F(PodWatchTest, ErrorEventThatIsNot410KeepsTheVersion) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int n) {
    if (!IsWatch(request)) return c.Answer(200, ListJson({}, "100"));
    FakeApi::BeginWatch(c);
    if (n == 1) {
      return FakeApi::SendPiece(c, EventJson("ERROR", StatusJson(500, "InternalError", "etcd"))) &&
             FakeApi::EndWatch(c);
    }
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return api.Requests().size() == 3; }));
  EXPECT_TRUE(Has(api.Requests()[2], "watch=1"));
  EXPECT_TRUE(Has(api.Requests()[2], "resourceVersion=100&"));
}

TEST_F(PodWatchTest, TokenFileIsReadAgainForEachRequest) {
  const auto path =
      std::filesystem::temp_directory_path() / ("tailrace_token_" + std::to_string(getpid()));
  std::ofstream(path) << "first\n";
  FakeApi api([&](Connection& c, const ReceivedRequest& request, int) {
    if (request.Header("authorization") == "Bearer first") {
      std::ofstream(path) << "second\n";  // renewed: the first is no longer good
      return c.Answer(401, "");
    }
    if (!IsWatch(request)) return c.Answer(200, ListJson({}, "100"));
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  ClientConfig config = api.Config();
  config.token_file = path.string();
  const auto source = StartWith(config);
  EXPECT_TRUE(Eventually([&] { return source->cache().snapshot()->complete(); }));
  EXPECT_EQ(api.Authorizations().front(), "Bearer first");
  EXPECT_EQ(api.Authorizations().back(), "Bearer second");
  std::filesystem::remove(path);
}

TEST_F(PodWatchTest, NamespacesHaveAWatchOfTheirOwn) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int) {
    const bool pods = Has(request.target, "/pods");
    if (!IsWatch(request)) {
      return c.Answer(200, pods ? ListJson({PodJson("a", "1", "8")}, "100")
                                : ListJson({test::NamespaceJson("ns", "7")}, "90"));
    }
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  const auto source = Start(api, true, "");
  ASSERT_TRUE(Eventually([&] { return source->cache().snapshot()->complete(); }));
  EXPECT_EQ(source->cache().snapshot()->FindNamespace("ns")->uid, "u-ns");
  for (const std::string& request : api.Requests()) {
    EXPECT_FALSE(Has(request, "resourceVersion=0")) << "whole lists are read page by page";
    EXPECT_FALSE(Has(request, "fieldSelector"));
  }
}

TEST_F(PodWatchTest, StopsAtOnceWhileWaiting) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int) {
    if (!IsWatch(request)) return c.Answer(200, ListJson({}, "100"));
    FakeApi::BeginWatch(c);
    c.Wait(30s);
    return false;
  });
  auto source = Start(api, true);
  ASSERT_TRUE(Eventually([&] { return source->cache().snapshot()->complete(); }));
  const auto begin = std::chrono::steady_clock::now();
  source.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(PodWatchTest, DoesNotAskInATightLoop) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int) {
    if (!IsWatch(request)) return c.Answer(200, ListJson({}, "100"));
    return c.Answer(200, "");  // each watch ends at once
  });
  const auto source = Start(api);
  ASSERT_TRUE(Eventually([&] { return api.Requests().size() >= 5; }));
  const std::size_t before = api.Requests().size();
  std::condition_variable never;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  never.wait_for(lock, 500ms);
  // 0.1 s is the cap that the test sets; 30 s in real life.
  EXPECT_LE(api.Requests().size() - before, 8U);
}

// --- watch false ---

class PodLookupTest : public PodWatchTest {
 protected:
  static std::unique_ptr<PodSource> StartLookup(const FakeApi& api,
                                                std::chrono::seconds ttl = 3600s) {
    PodSourceOptions options;
    options.api = api.Config();
    options.watch = false;
    options.limits.deleted_ttl = ttl;
    options.backoff = {.wait = 0.02, .max_interval = 0.1};
    return MakePodLookup(options);
  }
};

TEST_F(PodLookupTest, AsksForWhatIsWanted) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int n) {
    if (n == 0) return c.Answer(503, "");
    if (Has(request.target, "/pods/a?")) return c.Answer(200, PodJson("a", "1", "8"));
    if (Has(request.target, "/namespaces/ns?"))
      return c.Answer(200, test::NamespaceJson("ns", "7"));
    return c.Answer(404, StatusJson(404, "NotFound", "pods not found"));
  });
  const auto source = StartLookup(api);
  source->Want("ns", "a");
  source->Want("ns", "a");
  source->Want("ns", "gone");
  ASSERT_TRUE(Eventually([&] { return source->cache().snapshot()->KnownAbsent("ns", "gone"); }));
  ASSERT_TRUE(Eventually([&] { return IpOf(*source, "a") == "10.0.0.1"; }));
  EXPECT_EQ(source->cache().snapshot()->FindNamespace("ns")->uid, "u-ns");
  int for_a = 0;
  for (const std::string& request : api.Requests()) for_a += Has(request, "/pods/a?") ? 1 : 0;
  EXPECT_LE(for_a, 2) << "one that failed, one that did not";
}

TEST_F(PodLookupTest, ForgetsAfterItsTime) {
  FakeApi api([](Connection& c, const ReceivedRequest& request, int) {
    if (Has(request.target, "/pods/")) return c.Answer(200, PodJson("a", "1", "8"));
    return c.Answer(200, test::NamespaceJson("ns", "7"));
  });
  const auto source = StartLookup(api, 1s);
  source->Want("ns", "a");
  ASSERT_TRUE(Eventually([&] { return IpOf(*source, "a") != "none"; }));
  EXPECT_TRUE(Eventually([&] { return IpOf(*source, "a") == "none"; }));
}

// --- pods_file ---

class PodsFileTest : public PodWatchTest {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("tailrace_pods_" + std::to_string(getpid()));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void Write(const std::string& content) const {
    const auto temporary = path_.string() + ".new";
    std::ofstream(temporary) << content;
    std::filesystem::rename(temporary, path_);
  }
  std::unique_ptr<PodSource> Open() const {
    PodSourceOptions options;
    options.pods_file = path_.string();
    return MakePodsFile(options);
  }
  std::filesystem::path path_;
};

TEST_F(PodsFileTest, JsonFormsAreReadAtOnce) {
  const std::string pod = PodJson("a", "1", "8");
  const std::string meta = test::NamespaceJson("ns", "7");
  for (const std::string& content : {ListJson({pod, meta}, "1"), "[" + pod + "," + meta + "]",
                                     "[" + ListJson({pod, meta}, "1") + "]"}) {
    Write(content);
    const auto source = Open();
    EXPECT_EQ(IpOf(*source, "a"), "10.0.0.1") << content;
    EXPECT_TRUE(source->cache().snapshot()->complete());
    EXPECT_NE(source->cache().snapshot()->FindNamespace("ns"), nullptr);
  }
  Write(pod);
  EXPECT_EQ(IpOf(*Open(), "a"), "10.0.0.1");
}

TEST_F(PodsFileTest, Yaml) {
  Write(R"(apiVersion: v1
kind: List
items:
- kind: Pod
  metadata:
    name: a
    namespace: ns
    labels: {version: "1.0", quoted: "say \"hi\"\n"}
  status: {podIP: 10.0.0.5}
---
kind: Namespace
metadata: {name: ns, uid: u}
)");
  const auto source = Open();
  EXPECT_EQ(IpOf(*source, "a"), "10.0.0.5");
  EXPECT_EQ(source->cache().snapshot()->FindNamespace("ns")->uid, "u");
  const auto snapshot = source->cache().snapshot();
  EXPECT_EQ(snapshot->Find("ns", "a")->labels[0].second, "1.0");
  EXPECT_EQ(snapshot->Find("ns", "a")->labels[1].second, "say \"hi\"\n");
}

TEST_F(PodsFileTest, ChangesAreSeenAndDamageIsNot) {
  Write(ListJson({PodJson("a", "1", "8", "1.1.1.1")}, "1"));
  const auto source = Open();
  EXPECT_EQ(IpOf(*source, "a"), "1.1.1.1");
  Write("{\"items\":[");
  Write(ListJson({PodJson("a", "1", "8", "2.2.2.2")}, "1"));
  EXPECT_TRUE(Eventually([&] { return IpOf(*source, "a") == "2.2.2.2"; }));
  const uint64_t generation = source->cache().generation();
  Write("- [unclosed");
  std::condition_variable never;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  never.wait_for(lock, 700ms);
  EXPECT_EQ(IpOf(*source, "a"), "2.2.2.2");
  EXPECT_EQ(source->cache().generation(), generation);
}

TEST_F(PodsFileTest, MissingFileComesLater) {
  const auto source = Open();
  EXPECT_FALSE(source->cache().snapshot()->complete());
  Write(ListJson({PodJson("a", "1", "8")}, "1"));
  EXPECT_TRUE(Eventually([&] { return IpOf(*source, "a") == "10.0.0.1"; }));
}

TEST(PodSourceTest, EqualOptionsShareOneSource) {
  PodSourceOptions options;
  options.pods_file = "/nonexistent/pods.json";
  options.share_key = "a";
  const auto one = OpenPodSource(options);
  EXPECT_EQ(OpenPodSource(options), one);
  options.share_key = "b";
  EXPECT_NE(OpenPodSource(options), one);
}

}  // namespace
}  // namespace tailrace::kubernetes
