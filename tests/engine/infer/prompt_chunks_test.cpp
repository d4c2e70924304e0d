// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/infer/prompt_chunks.h"

#include <QTest>

using moe::infer::chunkRows;
using Rows = std::vector<int64_t>;
using Prompts = std::vector<moe::infer::UnfedPrompt>;

class PromptChunksTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rowsGoToTheFirst()
    {
        QCOMPARE(chunkRows(Prompts{{0, 1000}, {0, 7}}, 512), (Rows{512, 0}));
        QCOMPARE(chunkRows(Prompts{{990, 10}, {512, 488}, {0, 90}}, 512), (Rows{10, 488, 14}));
        QCOMPARE(chunkRows(Prompts{}, 512), Rows{});
        QCOMPARE(chunkRows(Prompts{{8192, 9000}}, 512), Rows{512});
    }

    /// What a step costs grows with what is behind its rows: it stays short, so that a prompt that
    /// nobody waits for any more is dropped soon, however many there are.
    void behindManyTokensThereAreFew()
    {
        QCOMPARE(chunkRows(Prompts{{16'384, 9000}}, 512), Rows{256});
        QCOMPARE(chunkRows(Prompts{{131'072, 9000}}, 512), Rows{32});
        QCOMPARE(chunkRows(Prompts{{131'072, 20}, {131'072, 9000}}, 512), (Rows{20, 12}));
        QCOMPARE(chunkRows(Prompts{{65'536, 9000}, {65'536, 9000}, {0, 5}}, 512), (Rows{64, 0, 0}));
        QCOMPARE(chunkRows(Prompts{{0, 5}, {65'536, 9000}, {4096, 9000}}, 512), (Rows{5, 64, 0}));
    }

    void thereIsProgressBehindAnyNumber()
    {
        QCOMPARE(chunkRows(Prompts{{int64_t{1} << 40, 9000}, {3, 2}}, 512), (Rows{16, 0}));
        QCOMPARE(chunkRows(Prompts{{int64_t{1} << 40, 9000}}, 8), Rows{8});
        // Who was given none comes first in the next step.
        QCOMPARE(chunkRows(Prompts{{3, 2}, {int64_t{1} << 40, 9000}}, 512), (Rows{2, 0}));
    }
};

QTEST_GUILESS_MAIN(PromptChunksTest)
#include "prompt_chunks_test.moc"
