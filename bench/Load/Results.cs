using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Bench.Load;

/// <summary>Looks at answers: a benchmark whose calls are refused measures nothing.</summary>
internal static class Results
{
    /// <summary>The result must be a value.</summary>
    /// <exception cref="LoadFailedException">It is an error.</exception>
    public static void MustBeOk<T>(in Expected<T> result, string call) where T : struct, IWireValue<T>
    {
        if (!result.IsOk)
            throw new LoadFailedException($"{call} answered {result.Error}");
    }

    /// <summary>There must be a value for every object.</summary>
    /// <exception cref="LoadFailedException">There is not.</exception>
    public static void MustBeOk<T>(in WireList<Expected<T>> results, string call) where T : struct, IWireValue<T>
    {
        if (results.Count != LoadSettings.BatchObjects)
            throw new LoadFailedException($"{call} answered {results.Count} results");
        foreach (ref readonly var result in results.Items)
            MustBeOk(result, call);
    }
}
