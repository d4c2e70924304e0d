// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
// Step folders and the training state in them.
#include "engine/base/files.h"
#include "engine/checkpoint/checkpoint.h"
#include "kernels/error.h"
#include "tests/engine/checkpoint/file_size_limit.h"
#include "tests/engine/checkpoint/small_model.h"
#include "tests/support/error_of.h"

#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <random>

using namespace moe;
using checkpoint::TrainingState;
using moe::tests::errorOf;
namespace fs = std::filesystem;

namespace {

/// A run's masters, m and v.
struct Buffers {
    explicit Buffers(const model::ParameterLayout& layout, uint64_t seed)
        : master(tests::randomBuffer(layout, seed))
        , m(tests::randomBuffer(layout, seed + 1))
        , v(tests::randomBuffer(layout, seed + 2))
    {
    }
    bool operator==(const Buffers&) const = default;
    std::vector<float> master, m, v;
};

std::vector<std::string> namesIn(const fs::path& dir)
{
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

class StepsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_dir = fs::path(m_folder->path().toStdString()) / "out" / "deep";
        m_state.step = 7;
        m_state.tokens = INT64_C(1) << 60;
        m_state.run = 12;
        m_state.alpha = {0.01, 1.0 / 3, 0};
        m_state.runFile = R"({"name":"demo","optimizer":{"lr":0.001}})";
        m_state.steered = R"({"optimizer.lr":0.1})";
    }

    void theStateComesBackBitForBit()
    {
        const uint64_t seed = std::random_device{}();
        qInfo("seed %llu", static_cast<unsigned long long>(seed));
        Buffers saved(m_layout, seed);
        saved.v[0] = NAN; // a bit pattern like any other
        const fs::path folder = save(7, saved);
        QCOMPARE(folder.filename().string(), std::string("step-000007"));
        QCOMPARE(namesIn(m_dir), (std::vector<std::string>{"step-000007"}));

        Buffers back(m_layout, seed + 10);
        const TrainingState state = load(folder, back);
        QVERIFY(std::memcmp(saved.v.data(), back.v.data(), saved.v.size() * sizeof(float)) == 0);
        QVERIFY(saved.master == back.master && saved.m == back.m);
        QCOMPARE(state.step, 7);
        QCOMPARE(state.tokens, m_state.tokens);
        QCOMPARE(state.run, 12);
        QVERIFY(state.alpha == m_state.alpha);
        QCOMPARE(state.runFile, m_state.runFile);
        QCOMPARE(state.steered, m_state.steered);
        QCOMPARE(state.extra, std::string("{}"));
        QCOMPARE(checkpoint::readTrainingState(folder).tokens, m_state.tokens);
    }

    void stepsAreListedByNumber()
    {
        QVERIFY(checkpoint::listSteps(m_dir).empty());
        fs::create_directories(m_dir);
        for (const char* name : {"step-000010", "step-000002", "step-1000000", "step-x", "step-",
                 "step--3", "step-3b", ".step-000004.partial", "steps-000001"})
            fs::create_directory(m_dir / name);
        base::writeFileAtomically(m_dir / "step-000003", "a file");
        std::vector<int64_t> steps;
        for (const auto& [step, path] : checkpoint::listSteps(m_dir))
            steps.push_back(step);
        QCOMPARE(steps, (std::vector<int64_t>{2, 10, 1000000}));
        QCOMPARE(checkpoint::stepFolder(m_dir, 1234567).filename().string(),
            std::string("step-1234567"));
    }

    void aFolderSaysItsStep()
    {
        QCOMPARE(checkpoint::stepOf("runs/out/step-000120"), 120);
        QCOMPARE(checkpoint::stepOf("step-0"), 0);
        for (const char* name :
            {"", "step-", "step-12b", "step--3", "steps-1", "x/step-000120/more"})
            QCOMPARE(checkpoint::stepOf(name), -1);
    }

    void onlyTheNewestAreKept()
    {
        const Buffers buffers(m_layout, 1);
        for (int64_t step : {1, 2, 3, 12})
            save(step, buffers);
        fs::create_directories(m_dir / ".step-000013.partial" / "training-state");
        base::writeFileAtomically(m_dir / "notes.txt", "mine");
        checkpoint::keepNewest(m_dir, 2);
        QCOMPARE(
            namesIn(m_dir), (std::vector<std::string>{"notes.txt", "step-000003", "step-000012"}));
        checkpoint::keepNewest(m_dir, 0);
        QCOMPARE(namesIn(m_dir), (std::vector<std::string>{"notes.txt", "step-000012"}));
    }

    void aStepIsReplacedAsAWhole()
    {
        const Buffers first(m_layout, 1), second(m_layout, 2);
        save(5, first);
        fs::create_directories(m_dir / ".step-000005.partial"); // left by a killed run
        base::writeFileAtomically(m_dir / ".step-000005.partial" / "junk", "junk");
        const fs::path folder = save(5, second);
        Buffers back(m_layout, 3);
        load(folder, back);
        QVERIFY(back == second);
        QVERIFY(!fs::exists(folder / "junk"));
        QCOMPARE(namesIn(m_dir), (std::vector<std::string>{"step-000005"}));
    }

    void damageIsNamedWithARemedy()
    {
        const Buffers saved(m_layout, 1);
        Buffers back = saved;
        for (const char* name :
            {"state.json", "masters.safetensors", "m.safetensors", "v.safetensors"}) {
            const fs::path folder = save(5, saved);
            const fs::path file = folder / "training-state" / name;
            const std::string whole = base::readFile(file);
            std::string flipped = whole;
            flipped[whole.size() - 5] = static_cast<char>(flipped[whole.size() - 5] ^ 0x04);
            for (const std::string& damaged :
                {whole.substr(0, whole.size() / 2), whole.substr(0, 3), std::string(), flipped}) {
                base::writeFileAtomically(file, damaged);
                const std::string line = errorOf([&] { load(folder, back); });
                QVERIFY2(line.find(name) != std::string::npos, line.c_str());
                QVERIFY2(line.find("remove the folder") != std::string::npos, line.c_str());
            }
            fs::remove(file);
            QVERIFY(errorOf([&] { load(folder, back); }).find(name) != std::string::npos);
        }
        const fs::path folder = save(6, saved);
        const fs::path file = folder / "training-state" / "state.json";
        base::Json json = base::readJsonFile(file);
        for (auto [key, value] : {std::pair<const char*, base::Json>{"alpha", {1, "x"}},
                 {"alpha", nullptr}, {"step", -1}, {"run_file", "text"}, {"schema", "other"},
                 {"checksums", 3}, {"tokens", 1e30}}) {
            base::Json wrong = json;
            wrong[key] = value;
            wrong.erase("checksum"); // as older versions wrote it
            base::writeFileAtomically(file, wrong.dump());
            const std::string line = errorOf([&] { checkpoint::readTrainingState(folder); });
            QVERIFY2(line.find(key) != std::string::npos, line.c_str());
        }
    }

    void anotherModelsStateIsRefused()
    {
        const fs::path folder = save(5, Buffers(m_layout, 1));
        const model::ParameterLayout other(tests::smallModel(3));
        Buffers back(other, 1);
        const std::string line = errorOf([&] {
            checkpoint::loadTrainingState(
                folder, other, back.master.data(), back.m.data(), back.v.data());
        });
        QVERIFY2(line.find("tensors") != std::string::npos, line.c_str());
    }

    void aFullDiskLeavesTheOldSteps()
    {
        const Buffers saved(m_layout, 1);
        const fs::path folder = save(5, saved);
        {
            const tests::FileSizeLimit limit(3000);
            QVERIFY(!errorOf([&] { save(6, saved); }).empty());
        }
        Buffers back(m_layout, 2);
        load(folder, back);
        QVERIFY(back == saved);
        QCOMPARE(checkpoint::listSteps(m_dir).size(), 1U);
        checkpoint::keepNewest(m_dir, 2);
        QCOMPARE(namesIn(m_dir), (std::vector<std::string>{"step-000005"}));
    }

    void placesThatCannotBeWritten()
    {
        base::writeFileAtomically(m_folder->path().toStdString() + "/file", "x");
        const std::string line = errorOf(
            [&] { checkpoint::beginStep(m_folder->path().toStdString() + "/file/out", 1); });
        QVERIFY2(line.find("/file/out") != std::string::npos, line.c_str());
        QVERIFY(!errorOf([] { checkpoint::beginStep("/proc/none", 1); }).empty());
    }

private:
    fs::path save(int64_t step, const Buffers& buffers) const
    {
        TrainingState state = m_state;
        state.step = step;
        const fs::path partial = checkpoint::beginStep(m_dir, step);
        checkpoint::saveTrainingState(
            partial, m_layout, state, buffers.master.data(), buffers.m.data(), buffers.v.data());
        const fs::path final = checkpoint::stepFolder(m_dir, step);
        checkpoint::commitStep(partial, final);
        return final;
    }
    TrainingState load(const fs::path& folder, Buffers& buffers) const
    {
        return checkpoint::loadTrainingState(
            folder, m_layout, buffers.master.data(), buffers.m.data(), buffers.v.data());
    }

    const model::ParameterLayout m_layout{tests::smallModel(2)};
    TrainingState m_state;
    std::unique_ptr<QTemporaryDir> m_folder;
    fs::path m_dir;
};

QTEST_GUILESS_MAIN(StepsTest)
#include "steps_test.moc"
