// Inputs that once found something: corpus/TARGET.txt, one in hexadecimal a line, with a remark behind '#'.
namespace HotStandby.Tests.Fuzz;

/// <summary>Reads the corpus.</summary>
public static class Corpus
{
    /// <summary>The inputs of a target; none when it has no file.</summary>
    public static IReadOnlyList<byte[]> Of(FuzzTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var path = Path.Combine(AppContext.BaseDirectory, "corpus", target.Name + ".txt");
        return File.Exists(path)
            ? [.. File.ReadLines(path)
                .Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0).Select(Convert.FromHexString)]
            : [];
    }
}
