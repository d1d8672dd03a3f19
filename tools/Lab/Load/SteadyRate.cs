// When a load is warm: three rates in a row, of equal times, that differ by no more than a twentieth. A cluster that has just started is
// several times slower than one whose code is compiled, so a figure that does not say how long it was warmed up says nothing.
namespace HotStandby.Lab.Load;

/// <summary>The rates of a load, one a window, until they stay the same.</summary>
public sealed class SteadyRate
{
    private const int Compared = 3;
    private const double MostDifference = 0.05;

    private readonly List<double> _rates = [];

    /// <summary>The time of one rate.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>Given up after so long: other programs disturb it, or it grows slower all the time.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>All rates so far, operations a second.</summary>
    public IReadOnlyList<double> Rates => _rates;

    /// <summary>Whether the last ones are the same.</summary>
    public bool IsSteady => _rates.Count >= Compared && _rates[^Compared..].Max() <= _rates[^Compared..].Min() * (1 + MostDifference);

    /// <summary>Whether it makes no sense to wait any longer.</summary>
    public bool IsGivenUp => _rates.Count * Window >= Longest;

    /// <summary>The next window's.</summary>
    public void Add(double rate) => _rates.Add(rate);
}
