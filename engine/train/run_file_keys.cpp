// SPDX-FileCopyrightText: The MoE Workbench developers
// SPDX-License-Identifier: Apache-2.0
#include "engine/train/run_file.h"

namespace moe::train {

const std::vector<RunFileKey>& runFileKeys()
{
    static const std::vector<RunFileKey> keys{
        {"name", "text", "\"\"", "The run's name in lists; empty: the run file's own name"},
        {"model", "path", "", "A Hugging Face config.json (file, folder, or the object itself)"},
        {"init.from", "path", "null",
            "Checkpoint folder whose weights the run starts from; a dense one is upcycled when the "
            "model has experts"},
        {"init.seed", "integer", "null", "Seed of randomly drawn weights; null: the run's seed"},
        {"init.std", "number", "0.02", "Standard deviation of randomly drawn weights"},
        {"data.train", "path", "", "Prefix of the indexed dataset to train on"},
        {"data.valid", "path", "null",
            "Prefix of the indexed dataset for validation; null: no validation"},
        {"data.order", "choice:sequential|shuffled", "\"sequential\"",
            "Whether samples come in order or are permuted with the seed, anew each epoch"},
        {"data.probes", "list", "[]",
            "Fixed texts, [{\"name\", \"file\"}], whose expert loads are shown at every "
            "validation"},
        {"sequence_length", "integer", "256", "Tokens of one sample"},
        {"micro_batch_size", "integer", "4", "Sequences of one forward and backward pass"},
        {"global_batch_size", "integer", "16", "Sequences of one step, over all ranks"},
        {"train_steps", "integer", "1000", "Steps of the whole run"},
        {"precision", "choice:float32|bfloat16", "\"float32\"",
            "Type of activations and products; master weights, router, norms, loss and optimizer "
            "stay in float32"},
        {"optimizer.name", "choice:adamw", "\"adamw\"", "The update rule"},
        {"optimizer.lr", "number", "0.001", "Learning rate at its peak"},
        {"optimizer.min_lr", "number", "null",
            "Learning rate at the end of a decay; null: a tenth of the peak"},
        {"optimizer.warmup_steps", "integer", "0", "Steps over which the learning rate rises"},
        {"optimizer.schedule", "choice:cosine|linear|constant|wsd", "\"cosine\"",
            "How the learning rate falls after warmup"},
        {"optimizer.decay_steps", "integer", "null",
            "Steps of the final decay of wsd; null: a tenth of train_steps, rounded up"},
        {"optimizer.beta1", "number", "0.9", "Decay of the gradient's running mean"},
        {"optimizer.beta2", "number", "0.95", "Decay of the squared gradient's running mean"},
        {"optimizer.eps", "number", "1e-08", "Added to the root of the squared gradient's mean"},
        {"optimizer.weight_decay", "number", "0.1",
            "Decoupled weight decay, on tensors of two or more dimensions"},
        {"optimizer.clip_grad", "number", "1.0",
            "Largest L2 norm of the gradient over all parameters; null: no clipping"},
        {"optimizer.expert_lr_scale", "number", "1.0", "Factor on the experts' learning rate"},
        {"moe.capacity_factor", "number", "1.25",
            "Room of an expert as a multiple of the ideal load; null: no token is dropped"},
        {"moe.drop_policy", "choice:probs|position", "\"probs\"",
            "Which assignments an expert over capacity keeps: the most probable or the earliest"},
        {"moe.aux_loss", "choice:skywork|switch|none", "\"skywork\"",
            "Load-balancing loss of the router"},
        {"moe.aux_coeff", "coefficient",
            R"({"adaptive": {"xi": 0.2, "alpha_max": 0.01, "beta": 0.99, "initial": 0.01}})",
            "Aux-loss coefficient: a number, a list with one per MoE layer, or the adaptive law"},
        {"moe.z_loss_coeff", "number", "0.0", "Weight of the router's z-loss"},
        {"parallel.tensor", "integer", "1", "Tensor-parallel ranks"},
        {"parallel.pipeline", "integer", "1", "Pipeline stages"},
        {"parallel.data", "integer", "1", "Data-parallel ranks"},
        {"parallel.expert_scheme", "choice:edp", "\"edp\"", "How experts are spread over ranks"},
        {"parallel.zero", "integer", "1",
            "1: optimizer state is cut over the data-parallel ranks; 0: every rank holds all"},
        {"parallel.recompute", "integer", "0",
            "Layers whose activations are computed again in the backward pass"},
        {"parallel.plan", "path", "null", "A plan file that overrides the sizes above"},
        {"checkpoint.dir", "path", "null", "Folder of the checkpoints; null: nothing is saved"},
        {"checkpoint.every", "integer", "100",
            "Steps between two checkpoints; 0: only at the end and when stopped"},
        {"checkpoint.keep", "integer", "2", "How many of the newest checkpoints stay"},
        {"valid_every", "integer", "100", "Steps between two validations"},
        {"seed", "integer", "1",
            "Seed of the sample order and, unless init.seed says otherwise, "
            "of the weights"},
    };
    return keys;
}

} // namespace moe::train
