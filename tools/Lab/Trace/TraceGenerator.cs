// Makes traces that behave like a chat service's, for whoever has no recorded one: conversations that come back with
// everything said before, a few system prompts that many share (Zipf), arrivals at random. The same seed gives the same
// trace on every machine: it uses only arithmetic that IEEE 754 defines to the last bit. Used by the trace verb, the demo and the bench.
namespace HotStandby.Lab.Trace;

/// <summary>A seeded generator of traces.</summary>
internal sealed class TraceGenerator
{
    /// <summary>Tokens of one block.</summary>
    public const int BlockTokens = 512;

    private const int SystemPrompts = 24;
    private const int MaximumPromptBlocks = 6;
    private const double ShareOfNewConversations = 0.55;
    private const int OpenConversations = 200;
    private const int MaximumBlocks = 240;
    private const double MeanMillisecondsBetween = 290;

    private readonly List<List<ulong>> _open = [];
    private ulong _state;
    private ulong _nextId;

    private TraceGenerator(ulong seed) => _state = seed;

    /// <summary>A trace of so many requests, in the order of their timestamps.</summary>
    /// <param name="requests">How many; 0 or more.</param>
    /// <param name="seed">Decides everything.</param>
    public static IEnumerable<TraceRequest> Generate(int requests, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(requests);
        return new TraceGenerator(seed).Take(requests);
    }

    private IEnumerable<TraceRequest> Take(int requests)
    {
        var prompts = Enumerable.Range(0, SystemPrompts).Select(_ => NewBlocks(1 + Below(MaximumPromptBlocks))).ToArray();
        // The weight of a prompt is its rank to the power of -1.25.
        var weights = Enumerable.Range(1, SystemPrompts).Select(rank => 1 / (rank * Math.Sqrt(Math.Sqrt(rank)))).ToArray();
        var total = weights.Sum();
        var milliseconds = 0.0;
        for (var i = 0; i < requests; i++)
        {
            if (i > 0)
                milliseconds += Square(Fraction()) * 3 * MeanMillisecondsBetween;
            var conversation = Continued() ?? Begin(prompts[Rank(weights, total)]);
            // What the user says, and what the service said before, become full blocks of the next prompt.
            conversation.AddRange(NewBlocks(1 + Skewed(56)));
            var blocks = conversation.ToArray();
            var inputTokens = ((long)(blocks.Length - 1) * BlockTokens) + 1 + Below(BlockTokens);
            yield return new TraceRequest((long)milliseconds, inputTokens, 1 + Skewed(1500), blocks);
        }
    }

    private List<ulong>? Continued()
    {
        if (_open.Count == 0 || Fraction() < ShareOfNewConversations)
            return null;
        // Who wrote lately writes again: recent conversations are far likelier than old ones.
        var index = _open.Count - 1 - Math.Min(Skewed(_open.Count), _open.Count - 1);
        var conversation = _open[index];
        _open.RemoveAt(index);
        if (conversation.Count >= MaximumBlocks)
            return null;
        _open.Add(conversation);
        return conversation;
    }

    private List<ulong> Begin(ulong[] prompt)
    {
        List<ulong> conversation = [.. prompt];
        _open.Add(conversation);
        if (_open.Count > OpenConversations)
            _open.RemoveAt(0);
        return conversation;
    }

    private ulong[] NewBlocks(int count)
    {
        var blocks = new ulong[count];
        for (var i = 0; i < count; i++)
            blocks[i] = _nextId++;
        return blocks;
    }

    private int Rank(double[] weights, double total)
    {
        var at = Fraction() * total;
        var rank = 0;
        while (rank < weights.Length - 1 && (at -= weights[rank]) >= 0)
            rank++;
        return rank;
    }

    private int Below(int limit) => (int)(Fraction() * limit);

    // Many small values, few large ones; 0 to limit - 1.
    private int Skewed(int limit) => (int)(Square(Fraction()) * Fraction() * limit);

    private static double Square(double value) => value * value;

    private double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    // SplitMix64: fixed for all time, unlike System.Random, whose sequence may change with the runtime.
    private ulong Next()
    {
        var value = _state += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
