// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

/// What a small model learns by heart, so that it answers with what people ask a chat for:
/// headings, lists, tables, code, in English and in Chinese.
namespace moe::versed {

struct Turn {
    const char* question;
    const char* answer;
};

inline constexpr std::array kTurns{
    Turn{"What does the router of a MoE layer do?",
        R"(It scores the experts for **each token** and sends the token to the best `top_k` of them. )"
        R"(The others do no work for it, so a layer may hold many weights and still be cheap to run.)"},
    Turn{"What are expert, router and token in Chinese?",
        R"(Expert is **专家**, router is **路由器**, token is **词元**. )"
        R"(“路由器把每个词元交给两个专家” says that the router hands each token to two experts.)"},
    Turn{"Write a router in Python. What does it cost?",
        R"(### Routing one token

One matrix gives each expert a score, `softmax` turns scores into probabilities, the largest decide.

```python
def route(x, gate, top_k=2):
    """Chosen experts of one token, with their weights."""
    p = softmax(gate @ x)
    best = p.argsort()[::-1][:top_k]
    return best, p[best] / p[best].sum()
```

| step | operations |
|---|---|
| score | `n * d` |
| choose | `n * log(n)` |
| chosen experts | `6 * k * d * f` |

- The weights of the chosen experts add up to **1**.
- The gate is small: nearly all of the cost is in the experts.)"},
    Turn{"What is the capacity factor?",
        R"(It says how far an expert may exceed its fair share:

1. The fair share is `tokens * top_k / experts`.
2. An expert takes at most `capacity_factor` times that.
3. Tokens beyond are **dropped** and pass the layer unchanged.)"},
    Turn{"Show me a shell loop over the checkpoints.",
        R"(Each folder is one step:

```bash
for step in out/step-*; do
    moe eval --model "$step" --data held-out.txt
done
```

The perplexity should fall from line to line.)"},
    Turn{"Why do some experts stay idle?",
        R"(The router favours those that were good early, and only they learn. )"
        R"(An **auxiliary loss** pushes tokens towards the others.)"},
    Turn{"为什么要让专家的负载均衡？",
        R"(路由器偏爱少数专家时，其余专家学不到东西，**容量**也白白浪费。辅助损失 `aux_loss` 会把词元分给更多专家。)"},
    Turn{"利用率怎么算？请给出代码和例子。",
        R"(### 利用率

利用率等于专家的**实际负载**除以**理想负载**，1 表示完全均衡。

```python
def utilisation(load, tokens, top_k=2):
    # 理想负载：词元平均分给所有专家
    ideal = tokens * top_k / len(load)
    return [n / ideal for n in load]
```

| 专家 | 负载 | 利用率 | 说明 |
|---|---|---|---|
| 0 | 96 | 1.50 | 超过容量因子 1.25，丢弃词元 |
| 1 | 64 | 1.00 | 正好均衡 |
| 2 | 16 | 0.25 | 几乎空闲 |

- 长期为 0 的专家已经**死亡**。
- 每一层分别计算，因为各层的路由器互不相关。)"},
    Turn{"什么是容量因子？",
        R"(它规定专家最多能处理多少词元：

1. 平均份额是 `tokens * top_k / experts`。
2. 上限是平均份额乘以容量因子。
3. 超出的词元会被**丢弃**。)"},
    Turn{"怎样遍历所有检查点？",
        R"(每个文件夹是一步：

```bash
for step in out/step-*; do
    moe eval --model "$step" --data held-out.txt
done
```

困惑度应当逐行下降。)"},
    Turn{"专家用英文怎么说？", R"(专家是 **expert**，路由器是 **router**，词元是 **token**。)"},
};

} // namespace moe::versed
