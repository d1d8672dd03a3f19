using HotStandby.Mooncake.StructPack;
using HotStandby.Mooncake.Types;

namespace HotStandby.Lab.Load;

/// <summary>The load met something that makes its figures meaningless.</summary>
/// <param name="message">What.</param>
public sealed class LoadFailedException(string message) : Exception(message);

/// <summary>Looks at answers: a load whose calls are refused measures nothing.</summary>
public static class Results
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
    public static void MustBeOk<T>(in WireList<Expected<T>> results, int objects, string call) where T : struct, IWireValue<T>
    {
        if (results.Count != objects)
            throw new LoadFailedException($"{call} answered {results.Count} results for {objects} objects");
        foreach (ref readonly var result in results.Items)
            MustBeOk(result, call);
    }
}
